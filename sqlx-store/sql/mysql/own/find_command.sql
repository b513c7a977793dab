-- Finds a committed command.
-- ? idempotency key.
-- Guarantee: one row, or none for a key that is still free.
SELECT fingerprint, category, stream_id, version, position, recorded_at
FROM rehydrate_commands
WHERE idempotency_key = ?
