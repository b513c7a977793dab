-- Counts the events of every type and schema version.
-- No binds.
-- Guarantee: by category, type and schema version, compared byte by byte; all of one moment. It reads
-- the whole table.
SELECT
    category, event_type, schema_version, count(*), min(position), max(position),
    min(recorded_at), max(recorded_at)
FROM rehydrate_events
GROUP BY category, event_type, schema_version
-- The columns `category` and `stream_id` have the collation "C"; `event_type` has the database's.
ORDER BY category, event_type COLLATE "C", schema_version
