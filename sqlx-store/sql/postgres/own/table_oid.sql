-- Finds the number by which the server knows the events table.
-- $1 schema.
-- Guarantee: one row, or none if there is no such table.
SELECT c.oid::bigint
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'rehydrate_events'
