-- Takes a transaction back.
-- No binds.
-- Guarantee: nothing is left of it, and the counter is free.
ROLLBACK
