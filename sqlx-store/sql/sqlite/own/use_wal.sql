-- Switches the file to a write-ahead log, so that reading and writing do not wait for each other.
-- No binds.
-- Guarantee: one row, the journal mode from now on.
PRAGMA journal_mode = WAL
