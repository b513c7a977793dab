-- Finds the version of the database engine.
-- No binds.
-- Guarantee: one row.
SELECT 'SQLite ' || sqlite_version()
