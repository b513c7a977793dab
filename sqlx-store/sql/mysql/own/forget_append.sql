-- Frees the memory that the session's append takes.
-- No binds.
-- Guarantee: changes nothing else.
SET @rehydrate_events = NULL, @rehydrate_metadata = NULL
