-- Reads where relays send, and how that went.
-- $1 consumer or NULL, $2 build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object, times in microseconds.
SELECT
    build,
    json_build_object(
        'consumer', consumer, 'build', build, 'destination', destination,
        'categories', categories, 'confirmed_at', (extract(epoch FROM confirmed_at) * 1000000)::bigint,
        'last_error', last_error, 'last_error_at', (extract(epoch FROM last_error_at) * 1000000)::bigint
    )::text
FROM rehydrate_relays
WHERE ($1::text IS NULL OR consumer = $1) AND ($2::bigint IS NULL OR build = $2)
ORDER BY consumer, build
