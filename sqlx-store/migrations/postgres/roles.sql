-- Run it as the owner of the tables:
-- psql -v schema=ledger -v reader=payments_reader -v appender=payments_app -f roles.sql
GRANT USAGE ON SCHEMA :"schema" TO :"reader", :"appender";
GRANT SELECT ON :"schema".rehydrate_events, :"schema".rehydrate_snapshots,
    :"schema".rehydrate_commands, :"schema".rehydrate_migrations,
    :"schema".rehydrate_checkpoints, :"schema".rehydrate_deliveries, :"schema".rehydrate_ahead,
    :"schema".rehydrate_feeds, :"schema".rehydrate_feed_streams, :"schema".rehydrate_feed_events,
    :"schema".rehydrate_relays
    TO :"reader", :"appender";
GRANT SELECT ON SEQUENCE :"schema".rehydrate_positions TO :"reader", :"appender";
GRANT INSERT ON :"schema".rehydrate_events, :"schema".rehydrate_commands TO :"appender";
GRANT INSERT, UPDATE ON :"schema".rehydrate_snapshots TO :"appender";
GRANT USAGE ON SEQUENCE :"schema".rehydrate_positions TO :"appender";
-- For projections and reactors: the appender keeps where they are, and makes the tables of read
-- models, which it then owns. It gives others the right to read one as for any table.
GRANT INSERT, UPDATE, DELETE ON :"schema".rehydrate_checkpoints, :"schema".rehydrate_deliveries,
    :"schema".rehydrate_ahead, :"schema".rehydrate_feeds, :"schema".rehydrate_feed_streams,
    :"schema".rehydrate_feed_events, :"schema".rehydrate_relays TO :"appender";
GRANT CREATE ON SCHEMA :"schema" TO :"appender";
