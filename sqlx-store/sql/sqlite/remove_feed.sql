-- Removes how far a build has read its source.
-- ?1 consumer, ?2 build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feeds
WHERE consumer = ?1 AND build = ?2
