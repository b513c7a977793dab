-- Removes what is kept of a relay.
-- ? consumer, ? build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_relays
WHERE consumer = ? AND build = ?
