-- Reads the log.
-- ?1 after this position, ?2 up to this position, ?3 at most so many.
-- Guarantee: in position order.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    category, stream_id
FROM rehydrate_events
WHERE position > ?1 AND position <= ?2
ORDER BY position
LIMIT ?3
