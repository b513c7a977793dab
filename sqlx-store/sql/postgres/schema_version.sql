-- Finds the newest applied migration.
-- No binds.
-- Guarantee: one row, 0 if none has been applied.
SELECT coalesce(max(version), 0) FROM rehydrate_migrations
