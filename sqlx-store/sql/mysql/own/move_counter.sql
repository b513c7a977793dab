-- Moves the counter to the last event of the session's append, if it has its turn.
-- No binds; the append is the session's, with the counter locked.
-- Guarantee: nobody reads the new position before the events are committed with it.
UPDATE rehydrate_counter
SET position = @rehydrate_position + @rehydrate_count, writer = CONNECTION_ID()
WHERE id = @rehydrate_turn
