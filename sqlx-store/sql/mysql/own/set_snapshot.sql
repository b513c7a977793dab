-- Makes the statements of the next transaction all see the same.
-- No binds.
-- Guarantee: the transactions after it are as they were.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
