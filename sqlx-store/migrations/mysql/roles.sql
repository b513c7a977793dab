-- Run it in the store's database, as somebody who may grant. A reader reads everything; an appender
-- also appends and keeps snapshots. Neither can change what was written.
GRANT SELECT ON rehydrate_events TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_counter TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_snapshots TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_commands TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_checkpoints TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_deliveries TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_ahead TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_feeds TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_feed_streams TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_feed_events TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_relays TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT SELECT ON rehydrate_migrations TO 'payments_reader'@'%', 'payments_app'@'%';
GRANT INSERT ON rehydrate_events TO 'payments_app'@'%';
GRANT INSERT ON rehydrate_commands TO 'payments_app'@'%';
GRANT INSERT, UPDATE ON rehydrate_snapshots TO 'payments_app'@'%';
GRANT UPDATE ON rehydrate_counter TO 'payments_app'@'%';
-- For projections and reactors: where they are.
GRANT INSERT, UPDATE, DELETE ON rehydrate_checkpoints TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_deliveries TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_ahead TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_feeds TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_feed_streams TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_feed_events TO 'payments_app'@'%';
GRANT INSERT, UPDATE, DELETE ON rehydrate_relays TO 'payments_app'@'%';
