-- Reads a checkpoint.
-- $1 consumer, $2 build, $3 shard.
-- Guarantee: one row as of read_checkpoints, or none.
SELECT
    position,
    json_build_object(
        'consumer', consumer, 'build', build, 'shard', shard, 'kind', kind,
        'definition', definition, 'role', role, 'table_shape', table_shape,
        'position', position, 'revision', revision, 'condition', condition, 'error', error,
        'retry_at', (extract(epoch FROM retry_at) * 1000000)::bigint, 'attempts', attempts,
        'event_at', (extract(epoch FROM event_at) * 1000000)::bigint,
        'changed_at', (extract(epoch FROM changed_at) * 1000000)::bigint,
        'lease_owner', lease_owner,
        'lease_until', (extract(epoch FROM lease_until) * 1000000)::bigint
    )::text
FROM rehydrate_checkpoints
WHERE consumer = $1 AND build = $2 AND shard = $3
