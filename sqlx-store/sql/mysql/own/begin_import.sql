-- Takes the counter, for an import.
-- No binds.
-- Guarantee: one row, the last position of the log; nobody else appends until this transaction
-- ends, and all who did have committed.
SELECT position
FROM rehydrate_counter
WHERE id = 1
FOR UPDATE
