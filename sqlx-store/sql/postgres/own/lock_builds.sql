-- Lets one program at a time make a build.
-- $1 schema.
-- Guarantee: nobody else has the lock until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('rehydrate builds in ' || $1, 0))
