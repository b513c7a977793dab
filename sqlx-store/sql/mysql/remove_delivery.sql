-- Removes a delivery.
-- ? consumer, ? build, ? position.
-- Guarantee: it is gone.
DELETE FROM rehydrate_deliveries
WHERE consumer = ? AND build = ? AND position = ?
