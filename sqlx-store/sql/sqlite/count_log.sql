-- Counts events.
-- ?1 after this position, ?2 up to this position, ?3 categories, each between slashes, or the empty
-- text for all, ?4 the same.
-- Guarantee: one row. No category has a slash in it.
SELECT count(*), NULL
FROM rehydrate_events
WHERE position > ?1 AND position <= ?2
    AND (?3 = '' OR instr(?4, '/' || category || '/') > 0)
