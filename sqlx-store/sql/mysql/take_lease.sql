-- Takes a checkpoint's lease, unless somebody else has it.
-- ? owner, ? microseconds, ? consumer, ? build, ? shard, ? owner.
-- Guarantee: one row is written if the lease is the owner's now, and none if not.
UPDATE rehydrate_checkpoints
SET
    lease_owner = ?,
    lease_until = CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED) + ?
WHERE consumer = ? AND build = ? AND shard = ?
    AND (
        lease_owner IS NULL OR lease_owner = ?
        OR lease_until <= CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
    )
