-- Reads deliveries.
-- ?1 consumer or NULL, ?2 build or NULL, ?3 position or NULL, ?4 1 for those alone whose stream
-- waits, ?5 due at this time or before or NULL, ?6 at most so many.
-- Guarantee: by consumer, build and position: the position, and all columns as a JSON object, times
-- in microseconds.
SELECT
    position,
    json_object(
        'consumer', consumer, 'build', build, 'position', position, 'category', category,
        'stream_id', stream_id, 'version', version, 'event_type', event_type,
        'schema_version', schema_version, 'state', state, 'due_at', due_at, 'reason', reason,
        'error', error, 'attempts', attempts, 'first_at', first_at, 'last_at', last_at
    )
FROM rehydrate_deliveries
WHERE (?1 IS NULL OR consumer = ?1) AND (?2 IS NULL OR build = ?2)
    AND (?3 IS NULL OR position = ?3) AND (?4 = 0 OR state IN ('parked', 'retrying'))
    AND (?5 IS NULL OR (state IN ('retrying', 'scheduled') AND due_at <= ?5))
ORDER BY consumer, build, position
LIMIT ?6
