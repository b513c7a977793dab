-- Forgets what was noted of a shard of a build up to a position.
-- ? consumer, ? build, ? shard, ? up to this position.
-- Guarantee: what is noted of later positions and of other shards stays.
DELETE FROM rehydrate_ahead
WHERE consumer = ? AND build = ? AND shard = ? AND position <= ?
