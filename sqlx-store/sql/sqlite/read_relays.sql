-- Reads where relays send, and how that went.
-- ?1 consumer or NULL, ?2 build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object, times in microseconds.
SELECT
    build,
    json_object(
        'consumer', consumer, 'build', build, 'destination', destination,
        'categories', categories, 'confirmed_at', confirmed_at,
        'last_error', last_error, 'last_error_at', last_error_at
    )
FROM rehydrate_relays
WHERE (?1 IS NULL OR consumer = ?1) AND (?2 IS NULL OR build = ?2)
ORDER BY consumer, build
