-- Reads how far builds have read their sources.
-- ?1 consumer or NULL, ?2 build or NULL.
-- Guarantee: by consumer and build: the build, and the rest as a JSON object.
SELECT
    build,
    json_object(
        'consumer', consumer, 'build', build, 'origin', origin,
        'source_offset', source_offset
    )
FROM rehydrate_feeds
WHERE (?1 IS NULL OR consumer = ?1) AND (?2 IS NULL OR build = ?2)
ORDER BY consumer, build
