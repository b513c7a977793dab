-- Looks which of three tables there are.
-- ? a table, ? another, ? a third one.
-- Guarantee: one row: of each, 1 if it is there and 0 if not.
SELECT
    CAST(COALESCE(SUM(table_name = ?), 0) AS SIGNED),
    CAST(COALESCE(SUM(table_name = ?), 0) AS SIGNED),
    CAST(COALESCE(SUM(table_name = ?), 0) AS SIGNED)
FROM information_schema.tables
WHERE table_schema = DATABASE()
