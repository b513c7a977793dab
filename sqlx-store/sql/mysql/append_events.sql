-- Adds the events of the session's append to the end of its stream, if it has its turn.
-- No binds; the append is the session's, with the counter locked.
-- Guarantee: all of them or none, in the order of the array, at the positions after the counter's;
-- a version that exists is a duplicate key.
INSERT INTO rehydrate_events (
    position, category, stream_id, version, event_type, schema_version, payload, metadata,
    event_id, recorded_at
)
SELECT
    @rehydrate_position + event.number, @rehydrate_category, @rehydrate_stream_id,
    @rehydrate_version + event.number, event.type, event.schema_version, event.payload,
    @rehydrate_metadata, UNHEX(event.id),
    GREATEST(@rehydrate_time, COALESCE(@rehydrate_last_time, @rehydrate_time))
FROM JSON_TABLE(
    @rehydrate_events,
    '$[*]' COLUMNS (
        number FOR ORDINALITY,
        id CHAR(32) CHARACTER SET utf8mb4 PATH '$[0]',
        type LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]',
        schema_version BIGINT PATH '$[2]',
        payload LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]'
    )
) AS event
WHERE @rehydrate_turn = 1
