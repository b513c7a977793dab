-- Finds how far the log can be read.
-- No binds.
-- Guarantee: one row: the highest committed position at or below which nothing can appear any more,
-- the last position given out, and whether an append under way keeps the two apart.
SELECT watermark, head, is_held FROM rehydrate_progress()
