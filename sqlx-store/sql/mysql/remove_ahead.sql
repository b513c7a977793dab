-- Removes how far a build has gone beyond its checkpoint.
-- ? consumer, ? build.
-- Guarantee: all of them are gone.
DELETE FROM rehydrate_ahead
WHERE consumer = ? AND build = ?
