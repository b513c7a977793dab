-- Finds a stream's last event.
-- ? category, ? stream id.
-- Guarantee: one row, or none for a stream without events.
SELECT version, position, recorded_at
FROM rehydrate_events
WHERE category = ? AND stream_id = ?
ORDER BY version DESC
LIMIT 1
