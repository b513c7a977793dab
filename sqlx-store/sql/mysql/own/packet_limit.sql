-- Finds the largest packet that the server takes.
-- No binds.
-- Guarantee: one row, in bytes.
SELECT CAST(@@max_allowed_packet AS SIGNED)
