-- Finds what each table takes.
-- $1 schema.
-- Guarantee: a row a table, with an estimate of its rows, and its bytes, indexes included.
SELECT
    c.relname::text AS name,
    coalesce(pg_stat_get_live_tuples(c.oid), 0) AS "rows",
    pg_total_relation_size(c.oid) AS bytes
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND starts_with(c.relname, 'rehydrate_')
ORDER BY c.relname
