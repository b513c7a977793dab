-- Marks where an append begins in its transaction.
-- No binds.
-- Guarantee: what was done before survives the append's failure.
SAVEPOINT rehydrate_append
