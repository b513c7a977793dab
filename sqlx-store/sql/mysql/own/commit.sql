-- Makes a transaction permanent.
-- No binds.
-- Guarantee: after this, and not before, others see it, and the counter is free.
COMMIT
