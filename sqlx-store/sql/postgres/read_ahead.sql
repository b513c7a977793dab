-- Reads how far a shard of a build has gone beyond its checkpoint.
-- $1 consumer, $2 build, $3 shard.
-- Guarantee: by stream: the position, and the stream and its version as a JSON object.
SELECT
    position,
    json_build_object(
        'category', category, 'stream_id', stream_id, 'version', version, 'position', position
    )::text
FROM rehydrate_ahead
WHERE consumer = $1 AND build = $2 AND shard = $3
ORDER BY category, stream_id
