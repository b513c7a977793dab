-- Says what came of the session's append.
-- No binds; the append is the session's.
-- Guarantee: one row; no turn means that nothing was written, and version and time are then those
-- of the stream's last event.
SELECT
    CAST(@rehydrate_turn AS SIGNED), CAST(@rehydrate_version AS SIGNED),
    CAST(@rehydrate_last_time AS SIGNED), CAST(@rehydrate_is_known AS SIGNED),
    CAST(@rehydrate_position AS SIGNED)
