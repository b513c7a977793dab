-- Creates the table of applied migrations.
-- No binds.
-- Guarantee: does nothing if it exists.
CREATE TABLE IF NOT EXISTS rehydrate_migrations (
    version INT NOT NULL,
    name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    -- Microseconds since 1970-01-01 UTC.
    applied_at BIGINT NOT NULL,
    PRIMARY KEY (version)
) ENGINE = InnoDB
