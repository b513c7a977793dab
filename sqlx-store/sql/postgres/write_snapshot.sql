-- Keeps a snapshot.
-- $1 category, $2 stream id, $3 version, $4 position, $5 recorded time, $6 fingerprint, $7 state.
-- Guarantee: the stream's snapshot never goes back to an earlier version.
INSERT INTO rehydrate_snapshots AS kept (
    category, stream_id, version, position, recorded_at, fingerprint, state
)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (category, stream_id) DO UPDATE SET
    version = excluded.version,
    position = excluded.position,
    recorded_at = excluded.recorded_at,
    fingerprint = excluded.fingerprint,
    state = excluded.state
WHERE excluded.version > kept.version
    OR (excluded.version = kept.version AND excluded.fingerprint <> kept.fingerprint)
