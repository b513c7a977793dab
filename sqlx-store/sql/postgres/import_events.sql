-- Writes events of another log as they are.
-- $1 positions, $2 categories, $3 stream ids, $4 versions, $5 types, $6 schema versions, $7
-- payloads,
-- $8 metadata, $9 event ids, $10 recorded times.
-- Guarantee: one row: NULL, and all of them are written, and later positions come after the
-- greatest
-- of them; or the last position of the log, because the first of them is not above it.
SELECT rehydrate_import($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
