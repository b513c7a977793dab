-- Waits for a table as long as the server has it.
-- No binds.
-- Guarantee: it holds for this session.
SET SESSION lock_wait_timeout = DEFAULT
