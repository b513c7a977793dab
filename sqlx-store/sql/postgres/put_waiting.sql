-- Keeps an event that waits in a build.
-- $1 consumer, $2 build, $3 position, $4 category, $5 stream id, $6 the event.
-- Guarantee: it stands in place of the one with the same position.
INSERT INTO rehydrate_feed_events (consumer, build, position, category, stream_id, event)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consumer, build, position) DO UPDATE SET
    category = excluded.category, stream_id = excluded.stream_id, event = excluded.event
