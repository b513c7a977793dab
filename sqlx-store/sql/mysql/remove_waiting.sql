-- Removes an event that has waited in a build.
-- ? consumer, ? build, ? position.
-- Guarantee: it is gone.
DELETE FROM rehydrate_feed_events
WHERE consumer = ? AND build = ? AND position = ?
