-- Lets a table be renamed without changing the views that name it.
-- No binds.
-- Guarantee: until it is turned off.
PRAGMA legacy_alter_table = ON
