-- Writes a checkpoint that is not there yet.
-- ? consumer, ? build, ? shard, ? kind, ? definition, ? role, ? shape of the table or NULL,
-- ? position, ? revision, ? condition, ? error or NULL, ? time of the next attempt or NULL,
-- ? attempts or NULL, ? time of the last event or NULL.
-- Guarantee: one that is there stays as it is.
INSERT INTO rehydrate_checkpoints (
    consumer, build, shard, kind, definition, role, table_shape, position, revision, `condition`,
    error, retry_at, attempts, event_at, changed_at
)
VALUES (
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
    CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
)
ON DUPLICATE KEY UPDATE shard = shard
