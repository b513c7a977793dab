-- Writes how far a consumer has come, and how it fares.
-- ? kind, ? position, ? condition, ? error or NULL, ? time of the next attempt or NULL, ? attempts
-- or NULL, ? time of the last event or NULL, ? consumer, ? build, ? shard.
-- Guarantee: one row is written, or none if there is no such checkpoint; its lease is left alone.
UPDATE rehydrate_checkpoints
SET
    kind = ?, position = ?, `condition` = ?, error = ?, retry_at = ?, attempts = ?, event_at = ?,
    revision = revision + 1, changed_at = CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
WHERE consumer = ? AND build = ? AND shard = ?
