-- Appends to a stream.
-- $1 category, $2 stream id, $3 expected version or NULL, $4 time, $5 whether it is imported,
-- $6 metadata or NULL, $7 idempotency key or NULL, $8 fingerprint of the command, $9 event ids,
-- $10 types, $11 schema versions, $12 payloads.
-- Guarantee: one row, and all of the events or none, in the order of the arrays. A stale version,
-- an
-- older time and a command that was committed before are an outcome; a lost race is a violation of
-- rehydrate_events_stream_version or rehydrate_commands_pkey. Nothing at or below a watermark that
-- anybody has seen is written.
SELECT outcome, version, position, recorded_at, stream, fingerprint
FROM rehydrate_append($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11, $12)
