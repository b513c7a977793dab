-- Hands an append to the session, for the statements that run it without a round trip in between.
-- ? category, ? stream id, ? expected version or NULL, ? number of events, ? recorded time in
-- microseconds, ? 1 if an earlier time is refused and 0 if it is moved, ? idempotency key or NULL,
-- ? fingerprint, ? metadata or NULL, ? JSON array of [event id, type, schema version, payload].
-- Guarantee: nothing is left of the append before it, so it is this one's turn.
SET
    @rehydrate_category = ?,
    @rehydrate_stream_id = ?,
    @rehydrate_expected = ?,
    @rehydrate_count = ?,
    @rehydrate_time = ?,
    @rehydrate_is_import = ?,
    @rehydrate_key = ?,
    @rehydrate_fingerprint = ?,
    @rehydrate_metadata = ?,
    @rehydrate_events = ?,
    @rehydrate_version = 0,
    @rehydrate_last_time = NULL,
    @rehydrate_is_known = 0,
    @rehydrate_position = NULL,
    @rehydrate_turn = 1
