-- Reads events of a stream that wait in a build.
-- ? consumer, ? build, ? category, ? stream id, ? after this position, ? at most so
-- many.
-- Guarantee: by position: the position, and it and the event as a JSON object.
SELECT position, JSON_OBJECT('position', position, 'event', event)
FROM rehydrate_feed_events
WHERE consumer = ? AND build = ? AND category = ? AND stream_id = ? AND position > ?
ORDER BY position
LIMIT ?
