-- Reads the log, and how far it goes.
-- ? after this position, ? at most so many events.
-- Guarantee: first the watermark, without an event; then the events in position order, all of them
-- at or below it, because both are as they were at one moment.
(
    SELECT
        NULL AS version, position, NULL AS event_type, NULL AS schema_version, NULL AS payload,
        NULL AS metadata, NULL AS event_id, NULL AS recorded_at, NULL AS category,
        NULL AS stream_id
    FROM rehydrate_counter
    WHERE id = 1
)
UNION ALL
(
    SELECT
        version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
        category, stream_id
    FROM rehydrate_events
    WHERE position > ?
        AND position <= (SELECT position FROM rehydrate_counter WHERE id = 1)
    ORDER BY position
    LIMIT ?
)
