-- Counts the streams of which one build has taken a later event than another one.
-- ? the other build, ? consumer, ? the build.
-- Guarantee: one row: the number, and NULL.
SELECT COUNT(*), CAST(NULL AS CHAR)
FROM rehydrate_feed_streams AS a
LEFT JOIN rehydrate_feed_streams AS b
    ON b.consumer = a.consumer AND b.build = ?
    AND b.category = a.category AND b.stream_id = a.stream_id
WHERE a.consumer = ? AND a.build = ?
    AND (
        b.version IS NULL OR b.version < a.version
        OR (b.version = a.version AND b.part < a.part)
    )
