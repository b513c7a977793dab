-- Finds the last position that was given out, and the connection that has it.
-- No binds.
-- Guarantee: one row.
SELECT position, writer
FROM rehydrate_counter
WHERE id = 1
