-- Reads the events of one category in a part of the log that is known not to change any more.
-- $1 after this position, $2 up to this one, which is no higher than a watermark, $3 at most so many
-- events, $4 category.
-- Guarantee: in position order.
SELECT
    version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
    stream_id
FROM rehydrate_events
WHERE position > $1 AND position <= $2 AND category = $4
ORDER BY position
LIMIT $3
