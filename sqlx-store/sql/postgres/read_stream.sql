-- Reads a stream: a committed command, the snapshot, the events after it.
-- $1 category, $2 stream id, $3 after this version, $4 up to this version, $5 recorded at this time
-- or before, or NULL, $6 at most so many events, or NULL, $7 fingerprint of the wanted snapshot, or
-- NULL, $8 idempotency key of the wanted command, or NULL.
-- Guarantee: kind 0, the command, if it was committed, and then nothing else; kind 1, the snapshot
-- in
-- the asked past, if there is one, without its state when the fingerprint differs; kind 2, the
-- events after the usable snapshot, in version order; all as of one moment.
WITH command AS MATERIALIZED (
    SELECT version, position, category || '/' || stream_id AS stream, fingerprint, recorded_at
    FROM rehydrate_commands
    WHERE idempotency_key = $8
),
snapshot AS MATERIALIZED (
    SELECT
        version, position, CASE WHEN fingerprint = $7 THEN state END AS state, fingerprint,
        recorded_at
    FROM rehydrate_snapshots
    WHERE $7 IS NOT NULL AND NOT EXISTS (SELECT FROM command)
        AND category = $1 AND stream_id = $2 AND version > $3 AND version <= $4
        AND recorded_at <= coalesce($5::timestamptz, 'infinity')
)
SELECT
    version, position, stream AS event_type, fingerprint AS schema_version, NULL::json AS payload,
    NULL::json AS metadata, NULL::uuid AS event_id, recorded_at, 0::smallint AS kind
FROM command
UNION ALL
SELECT version, position, state, fingerprint, NULL, NULL, NULL, recorded_at, 1::smallint
FROM snapshot
UNION ALL
(
    SELECT
        version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
        2::smallint
    FROM rehydrate_events
    WHERE category = $1 AND stream_id = $2 AND version <= $4
        AND version > coalesce((SELECT version FROM snapshot WHERE state IS NOT NULL), $3)
        AND recorded_at <= coalesce($5::timestamptz, 'infinity')
        AND NOT EXISTS (SELECT FROM command)
    ORDER BY version
    LIMIT $6
)
