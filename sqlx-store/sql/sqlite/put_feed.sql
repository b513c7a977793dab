-- Notes how far a build has read its source.
-- ?1 consumer, ?2 build, ?3 origin, ?4 offset or NULL.
-- Guarantee: it stands in place of what was noted for the build before.
INSERT INTO rehydrate_feeds (consumer, build, origin, source_offset)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (consumer, build) DO UPDATE SET
    origin = excluded.origin, source_offset = excluded.source_offset
