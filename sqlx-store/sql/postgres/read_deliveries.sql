-- Reads deliveries.
-- $1 consumer or NULL, $2 build or NULL, $3 position or NULL, $4 1 for those alone whose stream
-- waits, $5 due at this time or before or NULL, $6 at most so many.
-- Guarantee: by consumer, build and position: the position, and all columns as a JSON object, times
-- in microseconds.
SELECT
    position,
    json_build_object(
        'consumer', consumer, 'build', build, 'position', position, 'category', category,
        'stream_id', stream_id, 'version', version, 'event_type', event_type,
        'schema_version', schema_version, 'state', state,
        'due_at', (extract(epoch FROM due_at) * 1000000)::bigint, 'reason', reason,
        'error', error, 'attempts', attempts,
        'first_at', (extract(epoch FROM first_at) * 1000000)::bigint,
        'last_at', (extract(epoch FROM last_at) * 1000000)::bigint
    )::text
FROM rehydrate_deliveries
WHERE ($1::text IS NULL OR consumer = $1) AND ($2::bigint IS NULL OR build = $2)
    
    AND ($3::bigint IS NULL OR position = $3)
    AND ($4::bigint = 0 OR state IN ('parked', 'retrying'))
    
    AND (
        $5::bigint IS NULL
        OR (
            state IN ('retrying', 'scheduled')
            AND due_at <= timestamptz 'epoch' + $5::bigint * interval '1 microsecond'
        )
    )
ORDER BY consumer, build, position
LIMIT $6
