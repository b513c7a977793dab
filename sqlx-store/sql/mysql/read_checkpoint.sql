-- Reads a checkpoint.
-- ? consumer, ? build, ? shard.
-- Guarantee: one row as of read_checkpoints, or none.
SELECT
    position,
    JSON_OBJECT(
        'consumer', CONVERT(consumer USING utf8mb4), 'build', build, 'shard', shard,
        'kind', CONVERT(kind USING utf8mb4),
        'definition', definition, 'role', CONVERT(role USING utf8mb4), 'table_shape', table_shape,
        'position', position, 'revision', revision, 'condition', CONVERT(`condition` USING utf8mb4),
        'error', error,
        'retry_at', retry_at, 'attempts', attempts, 'event_at', event_at,
        'changed_at', changed_at, 'lease_owner', CONVERT(lease_owner USING utf8mb4),
        'lease_until', lease_until
    ),
    CAST(next_role IS NOT NULL AS SIGNED)
FROM rehydrate_checkpoints
WHERE consumer = ? AND build = ? AND shard = ?
