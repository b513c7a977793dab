-- Gives builds the roles that their tables have got.
-- ? consumer.
-- Guarantee: all shards of both are written, or none if that was done before.
UPDATE rehydrate_checkpoints
SET
    role = next_role, next_role = NULL,
    revision = revision + 1, changed_at = CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)
WHERE consumer = ? AND next_role IS NOT NULL
