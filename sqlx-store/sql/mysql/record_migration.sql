-- Remembers an applied migration.
-- ? version, ? name.
-- Guarantee: a version that exists is a duplicate key.
INSERT INTO rehydrate_migrations (version, name, applied_at)
VALUES (?, ?, CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED))
