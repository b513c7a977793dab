-- Reads the events of some categories in the log.
-- $1 after this position, $2 at most so many events, $3 about so many bytes, $4 categories.
-- Guarantee: as read_log.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    category, stream_id, so_far
FROM rehydrate_read_log($1, $2, $3, $4)
