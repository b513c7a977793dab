-- Removes which events a build has taken from its source.
-- $1 consumer, $2 build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feed_streams
WHERE consumer = $1 AND build = $2
