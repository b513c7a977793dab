-- Read models that are kept from a message broker: how far each has read it, and what waits.

CREATE TABLE rehydrate_feeds (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    origin TEXT NOT NULL,
    source_offset TEXT,
    PRIMARY KEY (consumer, build)
) STRICT, WITHOUT ROWID;

-- The last event that was taken of each stream.
CREATE TABLE rehydrate_feed_streams (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    part INTEGER NOT NULL,
    PRIMARY KEY (consumer, build, category, stream_id)
) STRICT, WITHOUT ROWID;

-- The events of streams that are parked; here the log is not the queue.
CREATE TABLE rehydrate_feed_events (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    position INTEGER NOT NULL,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    -- A CloudEvent as JSON.
    event TEXT NOT NULL,
    PRIMARY KEY (consumer, build, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX rehydrate_feed_events_stream
ON rehydrate_feed_events (consumer, build, category, stream_id, position);

-- A further kind of consumer. A CHECK cannot be changed here, so the table is made anew; views that
-- name it are left alone.
PRAGMA legacy_alter_table = ON;

CREATE TABLE rehydrate_checkpoints_next (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('projection', 'reactor', 'feed')),
    definition INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('live', 'building', 'retired')),
    -- JSON of the columns of the build's table.
    table_shape TEXT,
    position INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    condition TEXT NOT NULL
        CHECK (condition IN ('new', 'catching_up', 'live', 'paused', 'retrying', 'failed')),
    error TEXT,
    retry_at INTEGER,
    attempts INTEGER,
    event_at INTEGER,
    changed_at INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER,
    PRIMARY KEY (consumer, build, shard)
) STRICT, WITHOUT ROWID;

INSERT INTO rehydrate_checkpoints_next SELECT * FROM rehydrate_checkpoints;

DROP TABLE rehydrate_checkpoints;

ALTER TABLE rehydrate_checkpoints_next RENAME TO rehydrate_checkpoints;

PRAGMA legacy_alter_table = OFF;
