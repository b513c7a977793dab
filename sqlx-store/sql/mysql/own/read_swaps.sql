-- Finds the consumers of which builds are to be swapped.
-- No binds.
-- Guarantee: each of them once.
SELECT DISTINCT CONVERT(consumer USING utf8mb4)
FROM rehydrate_checkpoints
WHERE next_role IS NOT NULL
