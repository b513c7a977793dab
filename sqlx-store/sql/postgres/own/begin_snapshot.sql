-- Begins a transaction that only reads.
-- No binds.
-- Guarantee: all of its statements see the same.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
