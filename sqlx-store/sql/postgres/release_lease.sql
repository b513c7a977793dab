-- Gives a checkpoint's lease up.
-- $1 consumer, $2 build, $3 shard, $4 owner.
-- Guarantee: nobody else's lease is touched.
UPDATE rehydrate_checkpoints
SET lease_owner = NULL, lease_until = NULL
WHERE consumer = $1 AND build = $2 AND shard = $3 AND lease_owner = $4
