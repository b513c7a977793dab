-- Sees whether the transaction is still there.
-- No binds.
-- Guarantee: an error, and nothing done, if it is not.
RELEASE SAVEPOINT rehydrate_transaction
