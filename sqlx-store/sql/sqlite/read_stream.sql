-- Reads the events of a stream.
-- ?1 category, ?2 stream id, ?3 after this version, ?4 up to this version,
-- ?5 recorded at this time or before, in microseconds, ?6 at most so many, or -1.
-- Guarantee: in version order.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at
FROM rehydrate_events
WHERE category = ?1 AND stream_id = ?2 AND version > ?3 AND version <= ?4 AND recorded_at <= ?5
ORDER BY version
LIMIT ?6
