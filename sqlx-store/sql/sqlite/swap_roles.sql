-- Retires a build and makes another one the live one.
-- ?1 the build to retire, ?2 consumer, ?3 the build to retire, ?4 the build to be live.
-- Guarantee: all shards of both are written.
UPDATE rehydrate_checkpoints
SET
    role = CASE build WHEN ?1 THEN 'retired' ELSE 'live' END,
    revision = revision + 1, changed_at = CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)
WHERE consumer = ?2 AND build IN (?3, ?4)
