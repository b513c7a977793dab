-- Writes a checkpoint that is not there yet.
-- $1 consumer, $2 build, $3 shard, $4 kind, $5 definition, $6 role, $7 shape of the table or NULL,
-- $8 position, $9 revision, $10 condition, $11 error or NULL, $12 time of the next attempt or NULL,
-- $13 attempts or NULL, $14 time of the last event or NULL.
-- Guarantee: one that is there stays as it is.
INSERT INTO rehydrate_checkpoints (
    consumer, build, shard, kind, definition, role, table_shape, position, revision, condition,
    error, retry_at, attempts, event_at, changed_at
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
    timestamptz 'epoch' + $12::bigint * interval '1 microsecond', $13,
    timestamptz 'epoch' + $14::bigint * interval '1 microsecond',
    clock_timestamp()
)
ON CONFLICT (consumer, build, shard) DO NOTHING
