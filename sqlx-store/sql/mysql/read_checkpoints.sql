-- Reads the checkpoints of a consumer, or of all.
-- ? consumer or NULL.
-- Guarantee: by consumer, build and shard: the position, all columns as a JSON object, times in
-- microseconds, and whether a swap of it has not come to its end.
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
WHERE consumer = COALESCE(?, consumer)
ORDER BY consumer, build, shard
