-- Asks for the right to write without writing anything.
-- No binds.
-- Guarantee: changes no row; READONLY if the file may not be written.
UPDATE rehydrate_migrations SET version = version WHERE version = 0
