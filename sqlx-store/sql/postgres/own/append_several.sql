-- Appends several events to a stream that has the expected version.
-- $1 category, $2 stream id, $3 expected version, $4 time, $5 metadata or NULL, $6 event ids,
-- $7 types, $8 schema versions, $9 payloads.
-- Guarantee: as append_event, for all of them or none, in the order of the arrays; the row is that
-- of the last one.
WITH head AS MATERIALIZED (
    SELECT version, recorded_at
    FROM rehydrate_events
    WHERE category = $1 AND stream_id = $2
    ORDER BY version DESC
    LIMIT 1
),
inserted AS (
    INSERT INTO rehydrate_events (
        category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
        recorded_at
    )
    SELECT
        $1, $2, $3::bigint + event.number, event.event_type, event.schema_version,
        event.payload::json, $5::text::json, event.event_id,
        greatest($4::timestamptz, (SELECT recorded_at FROM head))
    FROM (
        SELECT
            pg_advisory_xact_lock_shared(
                (1 + 'rehydrate_events'::regclass::oid::bigint % 65535) << 48
                | coalesce(pg_sequence_last_value('rehydrate_positions'::regclass), 0)
            )
        OFFSET 0
    ) AS held
    CROSS JOIN unnest($6::uuid[], $7::text[], $8::bigint[], $9::text[]) WITH ORDINALITY
        AS event (event_id, event_type, schema_version, payload, number)
    WHERE coalesce((SELECT version FROM head), 0) = $3
    ORDER BY event.number
    RETURNING version, position, recorded_at
)
SELECT max(version), max(position), max(recorded_at)
FROM inserted
HAVING count(*) > 0
