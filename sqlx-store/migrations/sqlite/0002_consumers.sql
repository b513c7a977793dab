-- The checkpoints of projections and reactors, the deliveries that were not just made, and how far a
-- build has gone beyond its checkpoint.

CREATE TABLE rehydrate_checkpoints (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('projection', 'reactor')),
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

CREATE TABLE rehydrate_deliveries (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    position INTEGER NOT NULL,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('parked', 'retrying', 'scheduled', 'skipped')),
    due_at INTEGER,
    reason TEXT,
    error TEXT,
    attempts INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (consumer, build, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX rehydrate_deliveries_open
ON rehydrate_deliveries (consumer, build, state, due_at);

CREATE TABLE rehydrate_ahead (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (consumer, build, shard, category, stream_id)
) STRICT, WITHOUT ROWID;
