-- Gives a checkpoint's lease up.
-- ? consumer, ? build, ? shard, ? owner.
-- Guarantee: nobody else's lease is touched.
UPDATE rehydrate_checkpoints
SET lease_owner = NULL, lease_until = NULL
WHERE consumer = ? AND build = ? AND shard = ? AND lease_owner = ?
