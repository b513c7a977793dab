-- Reads a stream from its snapshot on, and nothing else.
-- $1 category, $2 stream id, $3 after this version, $4 fingerprint of the wanted snapshot.
-- Guarantee: as read_stream, without a command.
WITH snapshot AS MATERIALIZED (
    SELECT
        version, position, CASE WHEN fingerprint = $4 THEN state END AS state, fingerprint,
        recorded_at
    FROM rehydrate_snapshots
    WHERE category = $1 AND stream_id = $2 AND version > $3
)
SELECT
    version, position, state AS event_type, fingerprint AS schema_version, NULL::json AS payload,
    NULL::json AS metadata, NULL::uuid AS event_id, recorded_at, 1::smallint AS kind
FROM snapshot
UNION ALL
(
    SELECT
        version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
        2::smallint
    FROM rehydrate_events
    WHERE category = $1 AND stream_id = $2
        AND version > coalesce((SELECT version FROM snapshot WHERE state IS NOT NULL), $3)
    ORDER BY version
)
