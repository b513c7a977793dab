-- Removes the events that wait in a build.
-- $1 consumer, $2 build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feed_events
WHERE consumer = $1 AND build = $2
