-- Reads which builds are to be swapped.
-- ? consumer.
-- Guarantee: a row a shard, or none: the build, its role to be and the shape of its table.
SELECT build, CONVERT(next_role USING utf8mb4), table_shape
FROM rehydrate_checkpoints
WHERE consumer = ? AND next_role IS NOT NULL
ORDER BY build, shard
