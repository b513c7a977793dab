-- Appends to a stream, inside a transaction or after a lost race.
-- $1 category, $2 stream id, $3 expected version or NULL, $4 time, $5 whether it is imported,
-- $6 metadata or NULL, $7 idempotency key or NULL, $8 fingerprint of the command, $9 event ids,
-- $10 types, $11 schema versions, $12 payloads.
-- Guarantee: as append_events, but a lost race is an outcome, too, and leaves the transaction
-- usable.
SELECT outcome, version, position, recorded_at, stream, fingerprint
FROM rehydrate_append_or_answer($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11, $12)
