-- Locks a checkpoint, and reads it.
-- ?1 consumer, ?2 build, ?3 shard.
-- Guarantee: nobody else writes while a transaction that writes is open. One row as of
-- read_checkpoints, or none.
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
WHERE consumer = ?1 AND build = ?2 AND shard = ?3
