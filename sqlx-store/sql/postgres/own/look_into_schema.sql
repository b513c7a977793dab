-- Sees and creates tables in one schema.
-- $1 search path.
-- Guarantee: until the transaction ends, and for the functions that are created in it.
SELECT set_config('search_path', $1, true)
