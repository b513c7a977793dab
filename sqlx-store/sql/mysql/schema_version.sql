-- Finds the newest applied migration.
-- No binds.
-- Guarantee: one row, 0 if none has been applied.
SELECT CAST(COALESCE(MAX(version), 0) AS SIGNED)
FROM rehydrate_migrations
