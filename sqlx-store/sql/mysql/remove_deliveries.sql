-- Removes the deliveries of a build.
-- ? consumer, ? build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_deliveries
WHERE consumer = ? AND build = ?
