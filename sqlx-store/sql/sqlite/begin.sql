-- Begins a transaction that may write.
-- No binds.
-- Guarantee: nobody else writes until it ends; what it reads stays true until it commits.
BEGIN IMMEDIATE
