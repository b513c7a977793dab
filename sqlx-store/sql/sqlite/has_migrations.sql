-- Looks for the table of applied migrations.
-- No binds.
-- Guarantee: one row, 1 if it exists and 0 if not.
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'rehydrate_migrations'
