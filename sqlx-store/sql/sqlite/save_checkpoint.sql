-- Writes how far a consumer has come, and how it fares.
-- ?1 position, ?2 condition, ?3 error or NULL, ?4 time of the next attempt or NULL, ?5 attempts or
-- NULL, ?6 time of the last event or NULL, ?7 consumer, ?8 build, ?9 shard.
-- Guarantee: one row is written, or none if there is no such checkpoint; its lease is left alone.
UPDATE rehydrate_checkpoints
SET
    position = ?1, condition = ?2, error = ?3, retry_at = ?4, attempts = ?5, event_at = ?6,
    revision = revision + 1, changed_at = CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)
WHERE consumer = ?7 AND build = ?8 AND shard = ?9
