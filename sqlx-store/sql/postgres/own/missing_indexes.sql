-- Finds which of the store's indexes are not there, or not usable.
-- $1 schema.
-- Guarantee: a row for each.
SELECT wanted.name
FROM unnest(ARRAY[
    'rehydrate_events_pkey', 'rehydrate_events_stream_version', 'rehydrate_snapshots_pkey',
    'rehydrate_commands_pkey', 'rehydrate_checkpoints_pkey', 'rehydrate_deliveries_pkey',
    'rehydrate_deliveries_open', 'rehydrate_ahead_pkey', 'rehydrate_feeds_pkey',
    'rehydrate_feed_streams_pkey', 'rehydrate_feed_events_pkey', 'rehydrate_feed_events_stream'
]) AS wanted (name)
WHERE NOT EXISTS (
    SELECT
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_index AS i ON i.indexrelid = c.oid
    WHERE n.nspname = $1 AND c.relname = wanted.name AND i.indisvalid
)
ORDER BY wanted.name
