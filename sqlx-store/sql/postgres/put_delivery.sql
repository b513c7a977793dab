-- Writes a delivery.
-- $1 consumer, $2 build, $3 position, $4 category, $5 stream id, $6 version, $7 type, $8 schema
-- version, $9 state, $10 due time or NULL, $11 reason or NULL, $12 error or NULL, $13 attempts,
-- $14 first time, $15 last time.
-- Guarantee: it stands in place of the one of the same consumer, build and position.
INSERT INTO rehydrate_deliveries (
    consumer, build, position, category, stream_id, version, event_type, schema_version, state,
    due_at, reason, error, attempts, first_at, last_at
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9,
    timestamptz 'epoch' + $10::bigint * interval '1 microsecond', $11, $12, $13,
    timestamptz 'epoch' + $14::bigint * interval '1 microsecond',
    timestamptz 'epoch' + $15::bigint * interval '1 microsecond'
)
ON CONFLICT (consumer, build, position) DO UPDATE SET
    category = excluded.category, stream_id = excluded.stream_id, version = excluded.version,
    event_type = excluded.event_type, schema_version = excluded.schema_version,
    state = excluded.state, due_at = excluded.due_at, reason = excluded.reason,
    error = excluded.error, attempts = excluded.attempts, first_at = excluded.first_at,
    last_at = excluded.last_at
