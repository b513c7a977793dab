-- Reads how far a build has gone beyond its checkpoint.
-- ?1 consumer, ?2 build.
-- Guarantee: by stream: the position, and the stream and its version as a JSON object.
SELECT
    position,
    json_object(
        'category', category, 'stream_id', stream_id, 'version', version, 'position', position
    )
FROM rehydrate_ahead
WHERE consumer = ?1 AND build = ?2
ORDER BY category, stream_id
