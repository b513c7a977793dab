-- Takes back what an append has done in its transaction.
-- No binds.
-- Guarantee: what was done before is still there.
ROLLBACK TO SAVEPOINT rehydrate_append
