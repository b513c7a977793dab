-- Takes back what a transaction has written.
-- No binds.
-- Guarantee: nothing of it is left.
ROLLBACK
