-- Reads the events of a stream, and nothing else.
-- $1 category, $2 stream id, $3 after this version.
-- Guarantee: in version order, all as of one moment.
SELECT version, position, event_type, schema_version, payload, metadata, event_id, recorded_at
FROM rehydrate_events
WHERE category = $1 AND stream_id = $2 AND version > $3
ORDER BY version
