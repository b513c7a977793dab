-- Finds the last position of the log.
-- No binds.
-- Guarantee: one row; whoever moves the counter keeps it locked until it commits, so nothing can
-- appear at or below what is committed here any more.
SELECT position
FROM rehydrate_counter
WHERE id = 1
