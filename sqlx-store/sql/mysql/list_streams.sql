-- Lists the streams of a category.
-- ? category, ? after this stream id, or the empty text, ? at most so many.
-- Guarantee: each once, in byte order.
SELECT stream_id
FROM rehydrate_events
WHERE category = ? AND stream_id > ? AND version = 1
ORDER BY stream_id
LIMIT ?
