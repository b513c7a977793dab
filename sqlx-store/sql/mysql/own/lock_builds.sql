-- Waits until nobody else makes, removes or swaps builds in this database.
-- ? at most so many seconds.
-- Guarantee: one row, 1 if it is this session's turn until it says otherwise or ends, and 0 or NULL
-- if not.
SELECT GET_LOCK(CONCAT('rehydrate/builds/', MD5(DATABASE())), ?)
