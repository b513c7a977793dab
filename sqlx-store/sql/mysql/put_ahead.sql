-- Notes how far a build has gone in a stream.
-- ? consumer, ? build, ? category, ? stream id, ? version, ? position.
-- Guarantee: it stands in place of what was noted for the stream before.
INSERT INTO rehydrate_ahead (consumer, build, category, stream_id, version, position)
VALUES (?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    version = VALUES(version), position = VALUES(position)
