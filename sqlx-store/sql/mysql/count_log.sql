-- Counts events.
-- ? after this position, ? up to this position, ? categories, each between slashes, or the empty
-- text for all, ? the same.
-- Guarantee: one row. No category has a slash in it.
SELECT COUNT(*), NULL
FROM rehydrate_events
WHERE position > ? AND position <= ?
    AND (? = '' OR LOCATE(CONCAT('/', category, '/'), ?) > 0)
