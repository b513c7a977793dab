-- Gives the live build's table the name of its build, and its name to the next build's.
-- $1 the live name, $2 the name for the table that has it, $3 the name of the next build's table.
-- Guarantee: it takes effect with the transaction, for the views of the live table, too. It does
-- not
-- wait long for those who read the table.
SELECT rehydrate_swap_tables($1, $2, $3)
