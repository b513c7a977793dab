-- Forgets what was noted of a shard of a build up to a position.
-- $1 consumer, $2 build, $3 shard, $4 up to this position.
-- Guarantee: what is noted of later positions and of other shards stays.
DELETE FROM rehydrate_ahead
WHERE consumer = $1 AND build = $2 AND shard = $3 AND position <= $4
