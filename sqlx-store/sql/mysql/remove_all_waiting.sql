-- Removes the events that wait in a build.
-- ? consumer, ? build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_feed_events
WHERE consumer = ? AND build = ?
