-- Writes events of another log as they are.
-- ? JSON array of [position, category, stream id, version, type, schema version, payload,
-- metadata or null, event id, recorded time in microseconds].
-- Guarantee: all of them or none.
INSERT INTO rehydrate_events (
    position, category, stream_id, version, event_type, schema_version, payload, metadata,
    event_id, recorded_at
)
SELECT
    event.position, event.category, event.stream_id, event.version, event.type,
    event.schema_version, event.payload, event.metadata, UNHEX(event.id), event.recorded_at
FROM JSON_TABLE(
    ?,
    '$[*]' COLUMNS (
        position BIGINT PATH '$[0]',
        category LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]',
        stream_id LONGTEXT CHARACTER SET utf8mb4 PATH '$[2]',
        version BIGINT PATH '$[3]',
        type LONGTEXT CHARACTER SET utf8mb4 PATH '$[4]',
        schema_version BIGINT PATH '$[5]',
        payload LONGTEXT CHARACTER SET utf8mb4 PATH '$[6]',
        metadata LONGTEXT CHARACTER SET utf8mb4 PATH '$[7]',
        id CHAR(32) CHARACTER SET utf8mb4 PATH '$[8]',
        recorded_at BIGINT PATH '$[9]'
    )
) AS event
