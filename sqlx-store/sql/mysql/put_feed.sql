-- Notes how far a build has read its source.
-- ? consumer, ? build, ? origin, ? offset or NULL.
-- Guarantee: it stands in place of what was noted for the build before.
INSERT INTO rehydrate_feeds (consumer, build, origin, source_offset)
VALUES (?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    origin = VALUES(origin), source_offset = VALUES(source_offset)
