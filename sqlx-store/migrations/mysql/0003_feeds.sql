-- Read models that are kept from a message broker: how far each has read it, and what waits.
--
-- Each can be run again where it was cut short. Names are VARBINARY, as those of the log.

CREATE TABLE IF NOT EXISTS rehydrate_feeds (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    origin LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    source_offset LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    PRIMARY KEY (consumer, build)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- The last event that was taken of each stream.
CREATE TABLE IF NOT EXISTS rehydrate_feed_streams (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    part BIGINT NOT NULL,
    PRIMARY KEY (consumer, build, category, stream_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- The events of streams that are parked; here the log is not the queue.
CREATE TABLE IF NOT EXISTS rehydrate_feed_events (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    position BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    -- A CloudEvent as JSON.
    event LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (consumer, build, position),
    KEY rehydrate_feed_events_stream (consumer, build, category, stream_id, position)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- A further kind of consumer. MariaDB keeps the CHECK of a column with the column; MySQL gives it a
-- name of its own, of which this is the first.
ALTER TABLE rehydrate_checkpoints
    /*M! MODIFY kind VARBINARY(16) NOT NULL CHECK (kind IN ('projection', 'reactor', 'feed')) */
    /*!80016 DROP CHECK rehydrate_checkpoints_chk_1,
    ADD CONSTRAINT rehydrate_checkpoints_chk_1
    CHECK (kind IN ('projection', 'reactor', 'feed')) */;
