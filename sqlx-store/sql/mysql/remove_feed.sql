-- Removes how far a build has read its source.
-- ? consumer, ? build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feeds
WHERE consumer = ? AND build = ?
