-- Waits until nobody else migrates this database.
-- ? at most so many seconds.
-- Guarantee: one row, 1 if it is this session's turn until it ends, and 0 or NULL if not.
SELECT GET_LOCK(CONCAT('rehydrate/', MD5(DATABASE())), ?)
