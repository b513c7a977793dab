-- Removes an event that has waited in a build.
-- $1 consumer, $2 build, $3 position.
-- Guarantee: it is gone.
DELETE FROM rehydrate_feed_events
WHERE consumer = $1 AND build = $2 AND position = $3
