-- Removes the checkpoints of a build.
-- $1 consumer, $2 build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_checkpoints
WHERE consumer = $1 AND build = $2
