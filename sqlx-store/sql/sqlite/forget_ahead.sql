-- Forgets what was noted of a build up to a position.
-- ?1 consumer, ?2 build, ?3 up to this position.
-- Guarantee: what is noted of later positions stays.
DELETE FROM rehydrate_ahead
WHERE consumer = ?1 AND build = ?2 AND position <= ?3
