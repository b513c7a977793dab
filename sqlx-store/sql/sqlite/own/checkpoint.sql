-- Takes what was committed from the WAL into the file.
-- No binds.
-- Guarantee: it waits for nobody, and nobody waits for it; one row: whether it was kept from doing
-- it, the pages in the WAL, and how many of them are in the file.
PRAGMA wal_checkpoint(PASSIVE)
