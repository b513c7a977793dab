-- Reads a stream, and where to begin with it.
-- ? idempotency key or NULL; ? fingerprint or NULL, ? category, ? stream id, ? fingerprint or NULL;
-- ? category, ? stream id; ? category, ? stream id, ? fingerprint or NULL, ? after this version,
-- ? up to this version, ? recorded at this time or before, in microseconds, ? after this version;
-- ? up to this version, ? recorded at this time or before, ? idempotency key or NULL, ? at most so
-- many events.
-- Guarantee: first the committed command of that key, then the snapshot, if one is asked for, with a
-- state if it has that fingerprint; then, if there is no such command, the events in version order,
-- after the snapshot's version if it is usable. All of it as it was at one moment.
(
    SELECT
        version, position, NULL AS event_type, NULL AS schema_version, NULL AS payload,
        NULL AS metadata, NULL AS event_id, recorded_at, 'command' AS part, fingerprint, category,
        stream_id
    FROM rehydrate_commands
    WHERE idempotency_key = ?
)
UNION ALL
(
    SELECT
        version, position, NULL, NULL, CASE WHEN fingerprint = ? THEN state END, NULL,
        NULL, recorded_at, 'snapshot', fingerprint, NULL, NULL
    FROM rehydrate_snapshots
    WHERE category = ? AND stream_id = ? AND ? IS NOT NULL
)
UNION ALL
(
    SELECT
        version, position, event_type, schema_version, payload, metadata, event_id, recorded_at,
        NULL, NULL, NULL, NULL
    FROM rehydrate_events
    WHERE category = ? AND stream_id = ?
        AND version > COALESCE(
            (
                SELECT version
                FROM rehydrate_snapshots
                WHERE category = ? AND stream_id = ? AND fingerprint = ? AND version > ?
                    AND version <= ? AND recorded_at <= ?
            ),
            ?
        )
        AND version <= ? AND recorded_at <= ?
        AND NOT EXISTS (SELECT 1 FROM rehydrate_commands WHERE idempotency_key = ?)
    ORDER BY version
    LIMIT ?
)
