-- Waits no longer for a table that is in use than its readers can bear to.
-- No binds.
-- Guarantee: it holds for this session until wait_patiently.
SET SESSION lock_wait_timeout = 2
