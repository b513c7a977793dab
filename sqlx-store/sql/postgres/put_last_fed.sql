-- Notes the last event that a build has taken of each of some streams.
-- $1 consumer, $2 build, $3 a JSON array of arrays of category, id, version and part.
-- Guarantee: each stands in place of what was noted for its stream before.
INSERT INTO rehydrate_feed_streams (consumer, build, category, stream_id, version, part)
SELECT $1, $2, k ->> 0, k ->> 1, (k ->> 2)::bigint, (k ->> 3)::bigint
FROM json_array_elements($3::json) AS k
ON CONFLICT (consumer, build, category, stream_id) DO UPDATE SET
    version = excluded.version, part = excluded.part
