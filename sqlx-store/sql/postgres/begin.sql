-- Begins a transaction that may write.
-- No binds.
-- Guarantee: each of its statements sees what was committed before the statement.
BEGIN ISOLATION LEVEL READ COMMITTED
