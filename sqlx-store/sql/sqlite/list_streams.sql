-- Lists the streams of a category.
-- ?1 category, ?2 after this stream id, or the empty text, ?3 at most so many.
-- Guarantee: each once, in byte order.
SELECT stream_id
FROM rehydrate_events
WHERE category = ?1 AND stream_id > ?2 AND version = 1
ORDER BY stream_id
LIMIT ?3
