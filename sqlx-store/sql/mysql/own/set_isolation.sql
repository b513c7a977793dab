-- Makes each statement of the session see what was committed before it.
-- No binds.
-- Guarantee: what an append reads while it has the counter is the newest there is.
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
