-- Removes the deliveries of a build.
-- ?1 consumer, ?2 build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_deliveries
WHERE consumer = ?1 AND build = ?2
