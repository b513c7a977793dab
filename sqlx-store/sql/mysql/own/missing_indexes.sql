-- Finds the indexes that somebody has dropped.
-- No binds.
-- Guarantee: a row an index, as table.index.
SELECT CONVERT(CONCAT(expected.of_table, '.', expected.name) USING utf8mb4)
FROM (
    SELECT 'rehydrate_events' AS of_table, 'PRIMARY' AS name
    UNION ALL SELECT 'rehydrate_events', 'rehydrate_events_stream'
    UNION ALL SELECT 'rehydrate_counter', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_snapshots', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_commands', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_checkpoints', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_deliveries', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_deliveries', 'rehydrate_deliveries_open'
    UNION ALL SELECT 'rehydrate_ahead', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_feeds', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_feed_streams', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_feed_events', 'PRIMARY'
    UNION ALL SELECT 'rehydrate_feed_events', 'rehydrate_feed_events_stream'
) AS expected
LEFT JOIN information_schema.statistics AS found
    ON found.table_schema = DATABASE()
    AND found.table_name = expected.of_table
    AND found.index_name = expected.name
WHERE found.index_name IS NULL
