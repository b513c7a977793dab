-- Notes the last event that a build has taken of each of some streams.
-- ? consumer, ? build, ? a JSON array of arrays of category, id, version and part.
-- Guarantee: each stands in place of what was noted for its stream before.
INSERT INTO rehydrate_feed_streams (consumer, build, category, stream_id, version, part)
SELECT
    ?, ?, CAST(k.category AS BINARY), CAST(k.stream_id AS BINARY), k.version, k.part
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    category VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[0]',
    stream_id VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[1]',
    version BIGINT PATH '$[2]',
    part BIGINT PATH '$[3]'
)) AS k
ON DUPLICATE KEY UPDATE
    version = VALUES(version), part = VALUES(part)
