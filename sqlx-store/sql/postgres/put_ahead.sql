-- Notes how far a build has gone in a stream.
-- $1 consumer, $2 build, $3 category, $4 stream id, $5 version, $6 position.
-- Guarantee: it stands in place of what was noted for the stream before.
INSERT INTO rehydrate_ahead (consumer, build, category, stream_id, version, position)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consumer, build, category, stream_id) DO UPDATE SET
    version = excluded.version, position = excluded.position
