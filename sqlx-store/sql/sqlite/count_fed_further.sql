-- Counts the streams of which one build has taken a later event than another one.
-- ?1 the other build, ?2 consumer, ?3 the build.
-- Guarantee: one row: the number, and NULL.
SELECT COUNT(*), NULL
FROM rehydrate_feed_streams AS a
LEFT JOIN rehydrate_feed_streams AS b
    ON b.consumer = a.consumer AND b.build = ?1
    AND b.category = a.category AND b.stream_id = a.stream_id
WHERE a.consumer = ?2 AND a.build = ?3
    AND (
        b.version IS NULL OR b.version < a.version
        OR (b.version = a.version AND b.part < a.part)
    )
