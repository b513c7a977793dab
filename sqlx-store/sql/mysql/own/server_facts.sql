-- Finds what the store has to know of the server and the database.
-- No binds.
-- Guarantee: one row: the largest packet in bytes, the collation in which blanks at the end count and
-- no letter is the same as another, or NULL, and how many checkpoints wait for the end of a swap.
SELECT
    CAST(@@max_allowed_packet AS SIGNED),
    (
        SELECT CONVERT(MAX(collation_name) USING utf8mb4)
        FROM information_schema.collations
        WHERE collation_name IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')
    ),
    (SELECT COUNT(*) FROM rehydrate_checkpoints WHERE next_role IS NOT NULL)
