-- Reads the events of some categories in the log, and how far the log goes.
-- ? after this position, ? categories, each between slashes, ? at most so many events.
-- Guarantee: first the watermark, without an event; then the events in position order, all of them
-- at or below it. The index keeps the planner from sorting whole categories: a reader of the log
-- passes over each position once, so that no index has to be kept for it.
-- No category has a slash in it, and a call for each row is nothing that the planner could join.
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
    FROM rehydrate_events FORCE INDEX (PRIMARY)
    WHERE position > ?
        AND position <= (SELECT position FROM rehydrate_counter WHERE id = 1)
        AND LOCATE(CONCAT('/', category, '/'), ?) > 0
    ORDER BY position
    LIMIT ?
)
