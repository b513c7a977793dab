-- Finds the longest streams.
-- $1 at most so many.
-- Guarantee: the longest first. It reads the whole index.
SELECT category, stream_id, max(version) AS length
FROM rehydrate_events
GROUP BY category, stream_id
ORDER BY length DESC, category, stream_id
LIMIT $1
