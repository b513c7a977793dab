-- Lets the renaming of a table change the views that name it, as usual.
-- No binds.
-- Guarantee: until it is turned off.
PRAGMA legacy_alter_table = OFF
