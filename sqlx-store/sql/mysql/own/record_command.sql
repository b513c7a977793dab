-- Remembers the command of the session's append with its outcome, if it has its turn.
-- No binds; the append is the session's, with the counter locked.
-- Guarantee: a key that exists is a duplicate key.
INSERT INTO rehydrate_commands (
    idempotency_key, fingerprint, category, stream_id, version, position, recorded_at
)
SELECT
    @rehydrate_key, @rehydrate_fingerprint, @rehydrate_category, @rehydrate_stream_id,
    @rehydrate_version + @rehydrate_count, @rehydrate_position + @rehydrate_count,
    GREATEST(@rehydrate_time, COALESCE(@rehydrate_last_time, @rehydrate_time))
FROM (SELECT 1) AS one
WHERE @rehydrate_turn = 1 AND @rehydrate_key IS NOT NULL
