-- Removes a delivery.
-- ?1 consumer, ?2 build, ?3 position.
-- Guarantee: it is gone.
DELETE FROM rehydrate_deliveries
WHERE consumer = ?1 AND build = ?2 AND position = ?3
