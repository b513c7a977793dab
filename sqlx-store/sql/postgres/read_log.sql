-- Reads the log.
-- $1 after this position, $2 at most so many events, $3 about so many bytes.
-- Guarantee: first a row that has only a position, the watermark; then the events up to it, in
-- position order. Nothing can appear among them any more.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    category, stream_id, so_far
FROM rehydrate_read_log($1, $2, $3, NULL)
