-- Finds the transactions that keep the watermark below the head.
-- $1 oid of the events table, $2 head.
-- Guarantee: the oldest first; the query is empty where this role may not see it.
SELECT
    l.pid,
    coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::double precision AS age,
    coalesce(a.query, '') AS query
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ShareLock' AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND l.classid::bigint >> 16 = 1 + $1::bigint % 65535
    AND ((l.classid::bigint & 65535) << 32 | l.objid::bigint) < $2
ORDER BY a.xact_start
