-- Finds a stream's last event.
-- $1 category, $2 stream id.
-- Guarantee: one row, or none for a stream without events.
SELECT version, position, recorded_at
FROM rehydrate_events
WHERE category = $1 AND stream_id = $2
ORDER BY version DESC
LIMIT 1
