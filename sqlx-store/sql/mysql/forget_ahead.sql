-- Forgets what was noted of a build up to a position.
-- ? consumer, ? build, ? up to this position.
-- Guarantee: what is noted of later positions stays.
DELETE FROM rehydrate_ahead
WHERE consumer = ? AND build = ? AND position <= ?
