-- Finds the version of the database engine.
-- No binds.
-- Guarantee: one row.
SELECT 'PostgreSQL ' || current_setting('server_version')
