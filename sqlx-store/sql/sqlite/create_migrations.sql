-- Creates the table of applied migrations.
-- No binds.
-- Guarantee: does nothing if it exists.
CREATE TABLE IF NOT EXISTS rehydrate_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    -- Microseconds since 1970-01-01 UTC.
    applied_at INTEGER NOT NULL
) STRICT
