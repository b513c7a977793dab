-- Reads the checkpoints of a consumer, or of all.
-- ?1 consumer or NULL.
-- Guarantee: by consumer, build and shard: the position, and all columns as a JSON object, times in
-- microseconds.
SELECT
    position,
    json_object(
        'consumer', consumer, 'build', build, 'shard', shard, 'kind', kind,
        'definition', definition, 'role', role, 'table_shape', table_shape,
        'position', position, 'revision', revision, 'condition', condition, 'error', error,
        'retry_at', retry_at, 'attempts', attempts, 'event_at', event_at,
        'changed_at', changed_at, 'lease_owner', lease_owner, 'lease_until', lease_until
    )
FROM rehydrate_checkpoints
WHERE ?1 IS NULL OR consumer = ?1
ORDER BY consumer, build, shard
