-- Keeps an event that waits in a build.
-- ? consumer, ? build, ? position, ? category, ? stream id, ? the event.
-- Guarantee: it stands in place of the one with the same position.
INSERT INTO rehydrate_feed_events (consumer, build, position, category, stream_id, event)
VALUES (?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    category = VALUES(category), stream_id = VALUES(stream_id), event = VALUES(event)
