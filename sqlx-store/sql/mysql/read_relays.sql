-- Reads where relays send, and how that went.
-- ? consumer or NULL, ? build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object, times in microseconds.
SELECT
    build,
    JSON_OBJECT(
        'consumer', CONVERT(consumer USING utf8mb4), 'build', build, 'destination', destination,
        'categories', categories, 'confirmed_at', confirmed_at,
        'last_error', last_error, 'last_error_at', last_error_at
    )
FROM rehydrate_relays
WHERE consumer = COALESCE(?, consumer) AND build = COALESCE(?, build)
ORDER BY consumer, build
