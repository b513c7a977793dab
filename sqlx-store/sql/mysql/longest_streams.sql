-- Finds the longest streams.
-- ? at most so many.
-- Guarantee: the longest first. It reads an entry of the index for each stream.
SELECT category, stream_id, MAX(version) AS length
FROM rehydrate_events
GROUP BY category, stream_id
ORDER BY length DESC, category, stream_id
LIMIT ?
