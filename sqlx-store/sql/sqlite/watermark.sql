-- Finds the last position of the log.
-- No binds.
-- Guarantee: one row, 0 for an empty log; there is one writer at a time and positions are never
-- reused, so nothing can appear at or below it any more.
SELECT coalesce(max(position), 0) FROM rehydrate_events
