-- Finds the schema of the store's tables when nobody has named it.
-- No binds.
-- Guarantee: one row: the schema in the search path that has them, or else the first one, or NULL.
SELECT coalesce(
    (
        SELECT n.nspname
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = to_regclass('rehydrate_migrations')
    ),
    current_schema()
)::text
