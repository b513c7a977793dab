-- Begins a transaction that only reads.
-- No binds; after set_snapshot.
-- Guarantee: its statements see what was committed before this one.
START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY
