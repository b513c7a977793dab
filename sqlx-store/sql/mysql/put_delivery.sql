-- Writes a delivery.
-- ? consumer, ? build, ? position, ? category, ? stream id, ? version, ? type, ? schema
-- version, ? state, ? due time or NULL, ? reason or NULL, ? error or NULL, ? attempts,
-- ? first time, ? last time.
-- Guarantee: it stands in place of the one of the same consumer, build and position.
INSERT INTO rehydrate_deliveries (
    consumer, build, position, category, stream_id, version, event_type, schema_version, state,
    due_at, reason, error, attempts, first_at, last_at
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    category = VALUES(category), stream_id = VALUES(stream_id), version = VALUES(version),
    event_type = VALUES(event_type), schema_version = VALUES(schema_version),
    state = VALUES(state), due_at = VALUES(due_at), reason = VALUES(reason),
    error = VALUES(error), attempts = VALUES(attempts), first_at = VALUES(first_at),
    last_at = VALUES(last_at)
