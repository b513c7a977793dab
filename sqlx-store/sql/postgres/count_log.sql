-- Counts events.
-- $1 after this position, $2 up to this position, $3 categories, each between slashes, or the empty
-- text for all, $4 the same.
-- Guarantee: one row. No category has a slash in it.
SELECT count(*), NULL::text
FROM rehydrate_events
WHERE position > $1 AND position <= $2
    AND ($3::text = '' OR strpos($4::text, '/' || category || '/') > 0)
