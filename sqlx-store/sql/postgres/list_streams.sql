-- Lists the streams of a category.
-- $1 category, $2 after this stream id, or the empty text, $3 at most so many.
-- Guarantee: each once, in byte order. It goes from stream to stream in the index, however long
-- they
-- are.
WITH RECURSIVE streams AS (
    (
        SELECT e.stream_id
        FROM rehydrate_events AS e
        WHERE e.category = $1 AND e.stream_id > $2
        ORDER BY e.stream_id
        LIMIT 1
    )
    UNION ALL
    SELECT next.stream_id
    FROM streams
    CROSS JOIN LATERAL (
        SELECT e.stream_id
        FROM rehydrate_events AS e
        WHERE e.category = $1 AND e.stream_id > streams.stream_id
        ORDER BY e.stream_id
        LIMIT 1
    ) AS next
)
SELECT stream_id FROM streams LIMIT $3
