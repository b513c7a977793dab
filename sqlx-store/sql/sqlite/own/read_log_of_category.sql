-- Reads the events of one category in the log.
-- ?1 after this position, ?2 up to this position, ?3 at most so many, ?4 category.
-- Guarantee: as read_log_of_categories, at half the cost of a look into a list.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    stream_id
FROM rehydrate_events
WHERE position > ?1 AND position <= ?2 AND +category = ?4
ORDER BY position
LIMIT ?3
