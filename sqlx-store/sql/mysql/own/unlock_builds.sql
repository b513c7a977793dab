-- Lets others make, remove or swap builds.
-- No binds.
-- Guarantee: one row, 1 if it was this session's turn.
SELECT RELEASE_LOCK(CONCAT('rehydrate/builds/', MD5(DATABASE())))
