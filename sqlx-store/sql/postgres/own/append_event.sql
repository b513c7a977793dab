-- Appends one event to a stream that has the expected version.
-- $1 category, $2 stream id, $3 expected version, $4 time, $5 metadata or NULL, $6 event id, $7 type,
-- $8 schema version, $9 payload.
-- Guarantee: one row and the event, or neither if the version is another one; a lost race is a
-- violation of rehydrate_events_stream_version. As rehydrate_append it says before it takes a
-- position above which one that will be.
INSERT INTO rehydrate_events (
    category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
    recorded_at
)
SELECT
    $1, $2, $3::bigint + 1, $7, $8, $9::text::json, $5::text::json, $6,
    greatest($4::timestamptz, head.recorded_at)
FROM (
    SELECT
        pg_advisory_xact_lock_shared(
            (1 + 'rehydrate_events'::regclass::oid::bigint % 65535) << 48
            | coalesce(pg_sequence_last_value('rehydrate_positions'::regclass), 0)
        )
    OFFSET 0
) AS held
LEFT JOIN (
    SELECT version, recorded_at
    FROM rehydrate_events
    WHERE category = $1 AND stream_id = $2
    ORDER BY version DESC
    LIMIT 1
) AS head ON true
WHERE coalesce(head.version, 0) = $3
RETURNING version, position, recorded_at
