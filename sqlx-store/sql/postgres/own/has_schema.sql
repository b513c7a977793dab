-- Looks for a schema.
-- $1 schema.
-- Guarantee: one row.
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)
