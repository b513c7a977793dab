-- Reads events of a stream that wait in a build.
-- $1 consumer, $2 build, $3 category, $4 stream id, $5 after this position, $6 at most so
-- many.
-- Guarantee: by position: the position, and it and the event as a JSON object.
SELECT position, json_build_object('position', position, 'event', event)::text
FROM rehydrate_feed_events
WHERE consumer = $1 AND build = $2 AND category = $3 AND stream_id = $4 AND position > $5
ORDER BY position
LIMIT $6
