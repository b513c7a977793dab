-- Removes the checkpoints of a build.
-- ? consumer, ? build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_checkpoints
WHERE consumer = ? AND build = ?
