-- Removes which events a build has taken from its source.
-- ? consumer, ? build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feed_streams
WHERE consumer = ? AND build = ?
