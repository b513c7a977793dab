-- Marks the beginning of a transaction, so that its commit can tell whether it is still there.
-- No binds.
-- Guarantee: it goes with the transaction, which a deadlock or a statement that commits by itself
-- ends without a word.
SAVEPOINT rehydrate_transaction
