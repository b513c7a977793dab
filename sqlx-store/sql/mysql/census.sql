-- Counts the events of every type and schema version.
-- No binds.
-- Guarantee: by category, type and schema version, compared byte by byte; all of one moment. It reads
-- the whole table.
SELECT
    category, event_type, schema_version, COUNT(*), MIN(position), MAX(position),
    MIN(recorded_at), MAX(recorded_at)
FROM rehydrate_events
GROUP BY category, event_type, schema_version
ORDER BY category, event_type, schema_version
