-- Reads a stream's snapshot.
-- ?1 category, ?2 stream id, ?3 fingerprint.
-- Guarantee: one row or none; the state is NULL, and not read, when the fingerprint differs.
SELECT
    version, position, recorded_at, fingerprint,
    CASE WHEN fingerprint = ?3 THEN state END AS state
FROM rehydrate_snapshots
WHERE category = ?1 AND stream_id = ?2
