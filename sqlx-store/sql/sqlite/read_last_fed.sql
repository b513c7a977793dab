-- Reads the last event that a build has taken of each of some streams.
-- ?1 the streams, a JSON array of pairs of category and id, ?2 consumer, ?3 build.
-- Guarantee: of a stream of which nothing was taken there is no row: the version, and the stream,
-- the version and the part as a JSON object.
SELECT
    s.version,
    json_object(
        'category', s.category, 'stream_id', s.stream_id, 'version', s.version, 'part', s.part
    )
FROM json_each(?1) AS k
CROSS JOIN rehydrate_feed_streams AS s
    ON s.consumer = ?2 AND s.build = ?3
    AND s.category = k.value ->> '$[0]' AND s.stream_id = k.value ->> '$[1]'
