-- Writes how far a consumer has come, and how it fares.
-- ?1 kind, ?2 position, ?3 condition, ?4 error or NULL, ?5 time of the next attempt or NULL,
-- ?6 attempts or NULL, ?7 time of the last event or NULL, ?8 consumer, ?9 build, ?10 shard.
-- Guarantee: one row is written, or none if there is no such checkpoint; its lease is left alone.
UPDATE rehydrate_checkpoints
SET
    kind = ?1, position = ?2, condition = ?3, error = ?4, retry_at = ?5, attempts = ?6,
    event_at = ?7, revision = revision + 1,
    changed_at = CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)
WHERE consumer = ?8 AND build = ?9 AND shard = ?10
