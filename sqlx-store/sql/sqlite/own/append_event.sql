-- Adds one event to the end of a stream.
-- ?1 category, ?2 stream id, ?3 version, ?4 type, ?5 schema version, ?6 payload, ?7 metadata or NULL,
-- ?8 event id, ?9 recorded time in microseconds.
-- Guarantee: a version that exists is a UNIQUE violation.
INSERT INTO rehydrate_events (
    category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
    recorded_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
