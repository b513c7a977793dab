-- Takes a checkpoint's lease, unless somebody else has it.
-- $1 owner, $2 microseconds, $3 consumer, $4 build, $5 shard, $6 owner.
-- Guarantee: one row is written if the lease is the owner's now, and none if not.
UPDATE rehydrate_checkpoints
SET
    lease_owner = $1,
    lease_until = clock_timestamp() + $2::bigint * interval '1 microsecond'
WHERE consumer = $3 AND build = $4 AND shard = $5
    AND (
        lease_owner IS NULL OR lease_owner = $6
        OR lease_until <= clock_timestamp()
    )
