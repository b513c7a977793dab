-- Writes events of another log as they are.
-- ?1 JSON array of [position, category, stream id, version, type, schema version, payload,
-- metadata or null, event id, recorded time in microseconds].
-- Guarantee: all of them or none; later positions come after the greatest of them.
INSERT INTO rehydrate_events (
    position, category, stream_id, version, event_type, schema_version, payload, metadata,
    event_id, recorded_at
)
SELECT
    event.value ->> 0, event.value ->> 1, event.value ->> 2, event.value ->> 3, event.value ->> 4,
    event.value ->> 5, event.value ->> 6, event.value ->> 7, unhex(event.value ->> 8, '-'),
    event.value ->> 9
FROM json_each(?1) AS event
ORDER BY event.key
