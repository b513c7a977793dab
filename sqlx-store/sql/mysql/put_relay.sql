-- Notes where a relay sends, and how that went.
-- ? consumer, ? build, ? destination or NULL, ? categories, ? time of the last confirmation or
-- NULL, ? last error or NULL, ? its time or NULL.
-- Guarantee: it stands in place of what was noted for the build before.
INSERT INTO rehydrate_relays (
    consumer, build, destination, categories, confirmed_at, last_error, last_error_at
)
VALUES (
    ?, ?, ?, ?, ?, ?, ?
)
ON DUPLICATE KEY UPDATE
    destination = VALUES(destination), categories = VALUES(categories),
    confirmed_at = VALUES(confirmed_at), last_error = VALUES(last_error),
    last_error_at = VALUES(last_error_at)
