-- Reads the deliveries of a build that are in one of two states.
-- ? consumer, ? build, ? a state, ? another state, ? due at this time or before or NULL, ? at
-- most so many.
-- Guarantee: as read_deliveries, by way of an index in which those that were skipped are apart.
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
WHERE consumer = ? AND build = ? AND state IN (?, ?)
    AND COALESCE(due_at, 9223372036854775807) <= COALESCE(?, 9223372036854775807)
ORDER BY position
LIMIT ?
