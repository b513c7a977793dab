-- Lets one program at a time migrate a schema.
-- $1 schema.
-- Guarantee: nobody else has the lock until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('rehydrate_migrations in ' || $1, 0))
