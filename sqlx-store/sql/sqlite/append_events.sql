-- Adds events to the end of a stream.
-- ?1 category, ?2 stream id, ?3 version of the first event, ?4 metadata or NULL,
-- ?5 recorded time in microseconds, ?6 JSON array of [event id, type, schema version, payload].
-- Guarantee: all of them or none, in the order of the array; a version that exists is a UNIQUE
-- violation.
INSERT INTO rehydrate_events (
    category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
    recorded_at
)
SELECT
    ?1, ?2, ?3 + event.key, event.value ->> 1, event.value ->> 2, event.value ->> 3, ?4,
    unhex(event.value ->> 0, '-'), ?5
FROM json_each(?6) AS event
ORDER BY event.key
