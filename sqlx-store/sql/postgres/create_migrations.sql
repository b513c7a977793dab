-- Creates the table of applied migrations.
-- No binds.
-- Guarantee: does nothing if it exists.
CREATE TABLE IF NOT EXISTS rehydrate_migrations (
    version bigint PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL
)
