-- Notes where a relay sends, and how that went.
-- ?1 consumer, ?2 build, ?3 destination or NULL, ?4 categories, ?5 time of the last confirmation or
-- NULL, ?6 last error or NULL, ?7 its time or NULL.
-- Guarantee: it stands in place of what was noted for the build before.
INSERT INTO rehydrate_relays (
    consumer, build, destination, categories, confirmed_at, last_error, last_error_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7
)
ON CONFLICT (consumer, build) DO UPDATE SET
    destination = excluded.destination, categories = excluded.categories,
    confirmed_at = excluded.confirmed_at, last_error = excluded.last_error,
    last_error_at = excluded.last_error_at
