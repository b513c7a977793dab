-- Looks for the table of applied migrations.
-- No binds.
-- Guarantee: one row, 1 if this account may see it and 0 if not.
SELECT COUNT(*)
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = 'rehydrate_migrations'
