-- Finds the version of the server.
-- No binds.
-- Guarantee: one row.
SELECT CONCAT(CASE WHEN VERSION() LIKE '%MariaDB%' THEN 'MariaDB ' ELSE 'MySQL ' END, VERSION())
