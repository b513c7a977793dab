-- Moves the counter to the last event of an import.
-- ? its position.
-- Guarantee: later positions come after it.
UPDATE rehydrate_counter
SET position = ?, writer = CONNECTION_ID()
WHERE id = 1
