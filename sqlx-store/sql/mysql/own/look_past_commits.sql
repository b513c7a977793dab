-- Makes the next statement see what has not been committed.
-- No binds.
-- Guarantee: for one statement only.
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED
