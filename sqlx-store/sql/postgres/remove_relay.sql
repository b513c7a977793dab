-- Removes what is kept of a relay.
-- $1 consumer, $2 build.
-- Guarantee: all of it is gone.
DELETE FROM rehydrate_relays
WHERE consumer = $1 AND build = $2
