-- Finds what each table takes.
-- No binds.
-- Guarantee: a row a table, with its rows, estimated, and its bytes, indexes included.
SELECT
    CONVERT(table_name USING utf8mb4), CAST(COALESCE(table_rows, 0) AS SIGNED),
    CAST(COALESCE(data_length + index_length, 0) AS SIGNED)
FROM information_schema.tables
WHERE table_schema = DATABASE()
    AND table_name IN (
        'rehydrate_events', 'rehydrate_snapshots', 'rehydrate_commands', 'rehydrate_counter',
        'rehydrate_checkpoints', 'rehydrate_deliveries', 'rehydrate_ahead', 'rehydrate_feeds',
        'rehydrate_feed_streams', 'rehydrate_feed_events', 'rehydrate_relays'
    )
ORDER BY table_name DESC
