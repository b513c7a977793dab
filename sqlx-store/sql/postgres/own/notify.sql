-- Wakes those who wait for news, in other processes.
-- $1 channel.
-- Guarantee: none; those who wait look by themselves sooner or later.
SELECT pg_notify($1, '')
