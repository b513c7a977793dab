-- Looks for the table of applied migrations.
-- $1 schema.
-- Guarantee: one row, 1 if it exists and 0 if not.
SELECT count(*)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'rehydrate_migrations'
