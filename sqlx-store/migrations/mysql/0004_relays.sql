-- Relays: where each sends, and how that went.
--
-- Each can be run again where it was cut short. Names are VARBINARY, as those of the log.

CREATE TABLE IF NOT EXISTS rehydrate_relays (
    consumer VARBINARY(255) NOT NULL,
    build BIGINT NOT NULL,
    -- Unknown of what was there before this was kept.
    destination LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    -- A JSON array of names.
    categories LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    confirmed_at BIGINT,
    last_error LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    last_error_at BIGINT,
    PRIMARY KEY (consumer, build)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

-- A relay was a reactor until now, and takes its checkpoint over when it runs.
INSERT IGNORE INTO rehydrate_relays (consumer, build, categories)
SELECT consumer, build, '[]'
FROM rehydrate_checkpoints
WHERE kind = 'reactor';

-- A further kind of consumer. MariaDB keeps the CHECK of a column with the column; MySQL gives it a
-- name of its own, of which this is the first.
ALTER TABLE rehydrate_checkpoints
    /*M! MODIFY kind VARBINARY(16) NOT NULL CHECK (kind IN ('projection', 'reactor', 'feed', 'relay')) */
    /*!80016 DROP CHECK rehydrate_checkpoints_chk_1,
    ADD CONSTRAINT rehydrate_checkpoints_chk_1
    CHECK (kind IN ('projection', 'reactor', 'feed', 'relay')) */;
