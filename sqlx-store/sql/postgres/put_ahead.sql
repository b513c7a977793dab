-- Notes how far a shard of a build has gone in a stream.
-- $1 consumer, $2 build, $3 shard, $4 category, $5 stream id, $6 version, $7 position.
-- Guarantee: it stands in place of what was noted for the stream before.
INSERT INTO rehydrate_ahead (consumer, build, shard, category, stream_id, version, position)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (consumer, build, shard, category, stream_id) DO UPDATE SET
    version = excluded.version, position = excluded.position
