-- Takes the counter, if the append has its turn.
-- No binds; the append is the session's.
-- Guarantee: nobody else appends until this transaction ends, and all who did have committed.
SELECT position
INTO @rehydrate_position
FROM rehydrate_counter
WHERE id = @rehydrate_turn
FOR UPDATE
