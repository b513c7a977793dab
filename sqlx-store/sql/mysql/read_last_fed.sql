-- Reads the last event that a build has taken of each of some streams.
-- ? the streams, a JSON array of pairs of category and id, ? consumer, ? build.
-- Guarantee: of a stream of which nothing was taken there is no row: the version, and the stream,
-- the version and the part as a JSON object.
SELECT
    s.version,
    JSON_OBJECT(
        'category', CONVERT(s.category USING utf8mb4),
        'stream_id', CONVERT(s.stream_id USING utf8mb4), 'version', s.version, 'part', s.part
    )
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    category VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[0]',
    stream_id VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[1]'
)) AS k
STRAIGHT_JOIN rehydrate_feed_streams AS s
    ON s.consumer = ? AND s.build = ?
    AND s.category = CAST(k.category AS BINARY) AND s.stream_id = CAST(k.stream_id AS BINARY)
