-- Takes a note back that builds are to be swapped.
-- ? consumer.
-- Guarantee: they have the roles that they had.
UPDATE rehydrate_checkpoints
SET next_role = NULL
WHERE consumer = ? AND next_role IS NOT NULL
