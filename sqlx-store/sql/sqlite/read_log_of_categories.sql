-- Reads the events of some categories in the log.
-- ?1 after this position, ?2 up to this position, ?3 at most so many, ?4 JSON array of
-- categories.
-- Guarantee: in position order. The plus keeps the planner from sorting whole categories: a
-- reader of the log passes over each position once, so that no index has to be kept for it.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    category, stream_id
FROM rehydrate_events
WHERE position > ?1 AND position <= ?2 AND +category IN (SELECT value FROM json_each(?4))
ORDER BY position
LIMIT ?3
