-- Keeps a snapshot.
-- ? category, ? stream id, ? version, ? position, ? recorded time in microseconds,
-- ? fingerprint, ? state.
-- Guarantee: the stream's snapshot never goes back to an earlier version. The version is set last,
-- because each assignment sees those before it.
INSERT INTO rehydrate_snapshots (
    category, stream_id, version, position, recorded_at, fingerprint, state
)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
    state = CASE
        WHEN VALUES(version) > version
            OR (VALUES(version) = version AND VALUES(fingerprint) <> fingerprint)
        THEN VALUES(state)
        ELSE state
    END,
    position = CASE
        WHEN VALUES(version) > version
            OR (VALUES(version) = version AND VALUES(fingerprint) <> fingerprint)
        THEN VALUES(position)
        ELSE position
    END,
    recorded_at = CASE
        WHEN VALUES(version) > version
            OR (VALUES(version) = version AND VALUES(fingerprint) <> fingerprint)
        THEN VALUES(recorded_at)
        ELSE recorded_at
    END,
    fingerprint = CASE
        WHEN VALUES(version) >= version THEN VALUES(fingerprint)
        ELSE fingerprint
    END,
    version = GREATEST(version, VALUES(version))
