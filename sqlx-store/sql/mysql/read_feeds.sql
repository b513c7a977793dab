-- Reads how far builds have read their sources.
-- ? consumer or NULL, ? build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object.
SELECT
    build,
    JSON_OBJECT(
        'consumer', CONVERT(consumer USING utf8mb4), 'build', build, 'origin', origin,
        'source_offset', source_offset
    )
FROM rehydrate_feeds
WHERE consumer = COALESCE(?, consumer) AND build = COALESCE(?, build)
ORDER BY consumer, build
