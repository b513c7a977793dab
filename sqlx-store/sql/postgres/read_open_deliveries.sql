-- Reads the deliveries of a build that are in one of two states.
-- $1 consumer, $2 build, $3 a state, $4 another state, $5 due at this time or before or NULL, $6 at
-- most so many.
-- Guarantee: as read_deliveries, by way of an index in which those that were skipped are apart.
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

WHERE consumer = $1 AND build = $2 AND state IN ($3, $4)
    AND (
        $5::bigint IS NULL
        OR due_at <= timestamptz 'epoch' + $5::bigint * interval '1 microsecond'
    )
ORDER BY position
LIMIT $6
