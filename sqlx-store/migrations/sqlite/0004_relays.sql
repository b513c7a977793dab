-- Relays: where each sends, and how that went.

CREATE TABLE rehydrate_relays (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    -- Unknown of what was there before this was kept.
    destination TEXT,
    -- A JSON array of names.
    categories TEXT NOT NULL,
    confirmed_at INTEGER,
    last_error TEXT,
    last_error_at INTEGER,
    PRIMARY KEY (consumer, build)
) STRICT, WITHOUT ROWID;

-- A relay was a reactor until now, and takes its checkpoint over when it runs.
INSERT INTO rehydrate_relays (consumer, build, categories)
SELECT consumer, build, '[]'
FROM rehydrate_checkpoints
WHERE kind = 'reactor';

-- A further kind of consumer. A CHECK cannot be changed here, so the table is made anew; views that
-- name it are left alone.
PRAGMA legacy_alter_table = ON;

CREATE TABLE rehydrate_checkpoints_next (
    consumer TEXT NOT NULL,
    build INTEGER NOT NULL,
    shard INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('projection', 'reactor', 'feed', 'relay')),
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
