-- The log, the snapshots and the committed commands.

CREATE TABLE rehydrate_events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    event_type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    payload TEXT NOT NULL,
    metadata TEXT,
    event_id BLOB NOT NULL,
    -- Microseconds since 1970-01-01 UTC, as in the other tables.
    recorded_at INTEGER NOT NULL,
    UNIQUE (category, stream_id, version)
) STRICT;

CREATE TRIGGER rehydrate_events_refuse_update
BEFORE UPDATE ON rehydrate_events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed: append an event that corrects this one');
END;

CREATE TRIGGER rehydrate_events_refuse_delete
BEFORE DELETE ON rehydrate_events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted: append an event that takes this one back');
END;

CREATE TABLE rehydrate_snapshots (
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    -- 64 bits without a sign, in a signed column.
    fingerprint INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (category, stream_id)
) STRICT;

CREATE TABLE rehydrate_commands (
    idempotency_key TEXT NOT NULL PRIMARY KEY,
    fingerprint INTEGER NOT NULL,
    category TEXT NOT NULL,
    stream_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
