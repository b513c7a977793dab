-- Notes that a build is to be retired, and another one to be the live one.
-- ? the build to retire, ? consumer, ? the build to retire, ? the build to be live.
-- Guarantee: once it is committed, nobody takes events for either before it is done or taken back.
UPDATE rehydrate_checkpoints
SET next_role = CASE build WHEN ? THEN 'retired' ELSE 'live' END
WHERE consumer = ? AND build IN (?, ?)
