-- Sets the session to what the store relies on, whatever the server's defaults are.
-- ? lock timeout in seconds.
-- Guarantee: a statement commits by itself, and a value that does not fit is an error.
SET
    SESSION autocommit = 1,
    SESSION innodb_lock_wait_timeout = ?,
    SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')
