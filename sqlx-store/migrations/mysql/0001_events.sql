-- The log, its counter, the snapshots and the committed commands.
--
-- Names are VARBINARY: compared byte by byte and with the blanks at their ends, which no collation
-- does in both MariaDB and MySQL. Payloads are LONGTEXT, because MySQL's JSON type stores numbers,
-- spaces and the order of keys its own way, and an event comes back to the letter.

CREATE TABLE IF NOT EXISTS rehydrate_events (
    position BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    event_type VARBINARY(255) NOT NULL,
    schema_version BIGINT NOT NULL,
    payload LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    metadata LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    event_id BINARY(16) NOT NULL,
    -- Microseconds since 1970-01-01 UTC, as in the other tables.
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (position),
    UNIQUE KEY rehydrate_events_stream (category, stream_id, version)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

DROP TRIGGER IF EXISTS rehydrate_events_refuse_update;

CREATE TRIGGER rehydrate_events_refuse_update
BEFORE UPDATE ON rehydrate_events
FOR EACH ROW
SIGNAL SQLSTATE '45000'
SET MESSAGE_TEXT = 'events are never changed: append an event that corrects this one';

DROP TRIGGER IF EXISTS rehydrate_events_refuse_delete;

CREATE TRIGGER rehydrate_events_refuse_delete
BEFORE DELETE ON rehydrate_events
FOR EACH ROW
SIGNAL SQLSTATE '45000'
SET MESSAGE_TEXT = 'events are never deleted: append an event that takes this one back';

-- The last position that was given out. An append locks its row until it commits, so that the order
-- of positions is the order of commits, and what is committed here is the watermark.
CREATE TABLE IF NOT EXISTS rehydrate_counter (
    id TINYINT NOT NULL,
    position BIGINT NOT NULL,
    -- The connection that has moved it last: whom everybody waits for, if it has not committed.
    writer BIGINT NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB;

INSERT IGNORE INTO rehydrate_counter (id, position, writer) VALUES (1, 0, 0);

CREATE TABLE IF NOT EXISTS rehydrate_snapshots (
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    -- 64 bits without a sign, in a signed column.
    fingerprint BIGINT NOT NULL,
    state LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (category, stream_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS rehydrate_commands (
    idempotency_key VARBINARY(255) NOT NULL,
    fingerprint BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (idempotency_key)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
