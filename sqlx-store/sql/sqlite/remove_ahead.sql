-- Removes how far a build has gone beyond its checkpoint.
-- ?1 consumer, ?2 build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_ahead
WHERE consumer = ?1 AND build = ?2
