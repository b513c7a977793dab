-- Reads how far builds have read their sources.
-- $1 consumer or NULL, $2 build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object.
SELECT
    build,
    json_build_object(
        'consumer', consumer, 'build', build, 'origin', origin,
        'source_offset', source_offset
    )::text
FROM rehydrate_feeds
WHERE ($1::text IS NULL OR consumer = $1) AND ($2::bigint IS NULL OR build = $2)
ORDER BY consumer, build
