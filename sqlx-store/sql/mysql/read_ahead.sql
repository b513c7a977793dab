-- Reads how far a shard of a build has gone beyond its checkpoint.
-- ? consumer, ? build, ? shard.
-- Guarantee: by stream: the position, and the stream and its version as a JSON object.
SELECT
    position,
    JSON_OBJECT(
        'category', CONVERT(category USING utf8mb4), 'stream_id', CONVERT(stream_id USING utf8mb4),
        'version', version, 'position', position
    )
FROM rehydrate_ahead
WHERE consumer = ? AND build = ? AND shard = ?
ORDER BY category, stream_id
