-- Makes what a transaction has written permanent.
-- No binds.
-- Guarantee: all of it or, if this fails before the disk has it, nothing.
COMMIT
