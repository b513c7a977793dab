-- Begins a transaction that may write.
-- No binds.
-- Guarantee: nothing is locked yet.
START TRANSACTION
