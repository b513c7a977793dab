-- Looks whether there is a table, and what is said of it.
-- ? the table.
-- Guarantee: one row, or none if there is no such table.
SELECT CONVERT(table_comment USING utf8mb4)
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
