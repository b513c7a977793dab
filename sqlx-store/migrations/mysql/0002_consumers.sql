-- The checkpoints of projections and reactors, the deliveries that were not just made, and how far a
-- build has gone beyond its checkpoint.
--
-- Each can be run again where it was cut short. Names are VARBINARY, as those of the log.

CREATE TABLE IF NOT EXISTS rehydrate_checkpoints (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    kind VARBINARY(16) NOT NULL CHECK (kind IN ('projection', 'reactor')),
    definition BIGINT NOT NULL,
    role VARBINARY(16) NOT NULL CHECK (role IN ('live', 'building', 'retired')),
    -- The role as soon as the tables have been renamed, which no transaction can do here: whoever
    -- finds it sees to that.
    next_role VARBINARY(16) CHECK (next_role IN ('live', 'retired')),
    -- JSON of the columns of the build's table.
    table_shape LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    position BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    -- The plain word is reserved.
    `condition` VARBINARY(16) NOT NULL
        CHECK (`condition` IN ('new', 'catching_up', 'live', 'paused', 'retrying', 'failed')),
    error LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    -- Microseconds since 1970-01-01 UTC, as in the other tables.
    retry_at BIGINT,
    attempts BIGINT,
    event_at BIGINT,
    changed_at BIGINT NOT NULL,
    lease_owner VARBINARY(255),
    lease_until BIGINT,
    PRIMARY KEY (consumer, build, shard)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS rehydrate_deliveries (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    position BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    event_type VARBINARY(255) NOT NULL,
    schema_version BIGINT NOT NULL,
    state VARBINARY(16) NOT NULL
        CHECK (state IN ('parked', 'retrying', 'scheduled', 'skipped')),
    due_at BIGINT,
    reason LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    error LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    attempts BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, build, position),
    KEY rehydrate_deliveries_open (consumer, build, state, due_at)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS rehydrate_ahead (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    shard BIGINT NOT NULL,
    category VARBINARY(64) NOT NULL,
    stream_id VARBINARY(255) NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (consumer, build, shard, category, stream_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
