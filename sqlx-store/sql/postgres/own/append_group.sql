-- Appends one event to each of several streams that have the expected versions.
-- $1 categories, $2 stream ids, $3 expected versions, $4 times, $5 metadata or NULL, $6 event ids,
-- $7 types, $8 schema versions, $9 payloads; no stream twice.
-- Guarantee: a row for each event that is written; those of streams at another version are not, and
-- lost races neither. As append_event it says before it takes a position above which one that will
-- be. A lock of others that is in the way of a row for longer than 20 ms makes it fail as a whole, so
-- that an append does not wait for what another one waits for.
INSERT INTO rehydrate_events (
    category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
    recorded_at
)
SELECT
    event.category, event.stream_id, event.expected + 1, event.event_type, event.schema_version,
    event.payload::json, event.metadata::json, event.event_id,
    greatest(event.recorded_at, head.recorded_at)
FROM (
    SELECT
        set_config('lock_timeout', '20ms', true),
        pg_advisory_xact_lock_shared(
            (1 + 'rehydrate_events'::regclass::oid::bigint % 65535) << 48
            | coalesce(pg_sequence_last_value('rehydrate_positions'::regclass), 0)
        )
    OFFSET 0
) AS held
CROSS JOIN unnest(
    $1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[],
    $8::bigint[], $9::text[]
) AS event (
    category, stream_id, expected, recorded_at, metadata, event_id, event_type, schema_version,
    payload
)
LEFT JOIN LATERAL (
    SELECT last.version, last.recorded_at
    FROM rehydrate_events AS last
    WHERE last.category = event.category AND last.stream_id = event.stream_id
    ORDER BY last.version DESC
    LIMIT 1
) AS head ON true
WHERE coalesce(head.version, 0) = event.expected
ON CONFLICT (category, stream_id, version) DO NOTHING
RETURNING event_id, version, position, recorded_at
