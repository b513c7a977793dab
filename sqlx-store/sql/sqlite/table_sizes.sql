-- Finds what each table takes.
-- No binds.
-- Guarantee: a row a table, with its rows and its bytes, indexes included. It reads the whole file.
SELECT
    'rehydrate_events' AS name,
    (SELECT count(*) FROM rehydrate_events) AS "rows",
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_events*') AS bytes
UNION ALL
SELECT
    'rehydrate_snapshots',
    (SELECT count(*) FROM rehydrate_snapshots),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_snapshots*')
UNION ALL
SELECT
    'rehydrate_commands',
    (SELECT count(*) FROM rehydrate_commands),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_commands*')
UNION ALL
SELECT
    'rehydrate_checkpoints',
    (SELECT count(*) FROM rehydrate_checkpoints),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_checkpoints*')
UNION ALL
SELECT
    'rehydrate_deliveries',
    (SELECT count(*) FROM rehydrate_deliveries),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_deliveries*')
UNION ALL
SELECT
    'rehydrate_ahead',
    (SELECT count(*) FROM rehydrate_ahead),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_ahead*')
UNION ALL
SELECT
    'rehydrate_feeds',
    (SELECT count(*) FROM rehydrate_feeds),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_feeds*')
UNION ALL
SELECT
    'rehydrate_feed_streams',
    (SELECT count(*) FROM rehydrate_feed_streams),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_feed_streams*')
UNION ALL
SELECT
    'rehydrate_feed_events',
    (SELECT count(*) FROM rehydrate_feed_events),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_feed_events*')
UNION ALL
SELECT
    'rehydrate_relays',
    (SELECT count(*) FROM rehydrate_relays),
    (SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*rehydrate_relays*')
