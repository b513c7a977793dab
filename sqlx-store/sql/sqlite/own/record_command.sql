-- Remembers a command with its outcome, in the transaction of its events.
-- ?1 idempotency key, ?2 fingerprint, ?3 category, ?4 stream id, ?5 version, ?6 position,
-- ?7 recorded time in microseconds.
-- Guarantee: a key that exists is a PRIMARY KEY violation.
INSERT INTO rehydrate_commands (
    idempotency_key, fingerprint, category, stream_id, version, position, recorded_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
