-- Compares an append with the stream's last event and with the commands, as far as it still has its
-- turn.
-- No binds; the append is the session's.
-- Guarantee: it keeps its turn if its command is new, its expectation is met and its time is not
-- too early; otherwise the session knows why.
SELECT
    COALESCE(head.version, 0), head.recorded_at, command.position IS NOT NULL,
    CASE
        WHEN command.position IS NULL
            AND COALESCE(@rehydrate_expected = COALESCE(head.version, 0), TRUE)
            AND COALESCE(@rehydrate_is_import = 0 OR head.recorded_at <= @rehydrate_time, TRUE)
        THEN 1
    END
INTO @rehydrate_version, @rehydrate_last_time, @rehydrate_is_known, @rehydrate_turn
FROM (SELECT 1) AS one
LEFT JOIN rehydrate_commands AS command ON command.idempotency_key = @rehydrate_key
LEFT JOIN (
    SELECT version, recorded_at
    FROM rehydrate_events
    WHERE category = @rehydrate_category AND stream_id = @rehydrate_stream_id
    ORDER BY version DESC
    LIMIT 1
) AS head ON TRUE
WHERE @rehydrate_turn = 1
