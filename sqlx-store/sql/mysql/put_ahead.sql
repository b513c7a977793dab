-- Notes how far a shard of a build has gone in a stream.
-- ? consumer, ? build, ? shard, ? category, ? stream id, ? version, ? position.
-- Guarantee: it stands in place of what was noted for the stream before.
INSERT INTO rehydrate_ahead (consumer, build, shard, category, stream_id, version, position)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    version = VALUES(version), position = VALUES(position)
