-- Looks at the transaction of a connection.
-- ? number of the connection.
-- Guarantee: one row, or none if it is over: its age in seconds and what it executes.
SELECT
    CAST(TIMESTAMPDIFF(SECOND, holder.trx_started, NOW()) AS SIGNED),
    CONVERT(COALESCE(holder.trx_query, 'nothing: it waits for its client') USING utf8mb4)
FROM information_schema.innodb_trx AS holder
WHERE holder.trx_mysql_thread_id = ?
