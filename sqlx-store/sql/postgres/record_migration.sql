-- Remembers an applied migration, in its own transaction.
-- $1 version, $2 name.
-- Guarantee: a version that exists is a PRIMARY KEY violation.
INSERT INTO rehydrate_migrations (version, name, applied_at)
VALUES ($1, $2, clock_timestamp())
