-- Reads deliveries.
-- ? consumer or NULL, ? build or NULL, ? position or NULL, ? 1 for those alone whose stream
-- waits, ? due at this time or before or NULL, ? at most so many.
-- Guarantee: by consumer, build and position: the position, and all columns as a JSON object, times
-- in microseconds.
SELECT
    position,
    JSON_OBJECT(
        'consumer', CONVERT(consumer USING utf8mb4), 'build', build, 'position', position,
        'category', CONVERT(category USING utf8mb4),
        'stream_id', CONVERT(stream_id USING utf8mb4), 'version', version,
        'event_type', CONVERT(event_type USING utf8mb4),
        'schema_version', schema_version, 'state', CONVERT(state USING utf8mb4), 'due_at', due_at,
        'reason', reason,
        'error', error, 'attempts', attempts, 'first_at', first_at, 'last_at', last_at
    )
FROM rehydrate_deliveries
WHERE consumer = COALESCE(?, consumer) AND build = COALESCE(?, build)
    AND position = COALESCE(?, position) AND (? = 0 OR state IN ('parked', 'retrying'))
    AND COALESCE(due_at, 9223372036854775807) <= COALESCE(?, 9223372036854775807)
ORDER BY consumer, build, position
LIMIT ?
