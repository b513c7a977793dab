//! The statements, each in a file of its own; those that no other database needs are in `own`.

macro_rules! statements {
    ($($name:ident = $file:literal),* $(,)?) => {$(
        pub(super) const $name: &str =
            include_str!(concat!("../../sql/sqlite/", $file, ".sql"));
    )*};
}

statements! {
    APPEND_EVENTS = "append_events",
    BEGIN = "begin",
    CREATE_MIGRATIONS = "create_migrations",
    FIND_COMMAND = "own/find_command",
    HAS_MIGRATIONS = "has_migrations",
    IMPORT_EVENTS = "import_events",
    LIST_STREAMS = "list_streams",
    LONGEST_STREAMS = "longest_streams",
    PROBE_WRITE = "own/probe_write",
    READ_LOG = "read_log",
    READ_LOG_OF_CATEGORY = "read_log_of_category",
    READ_SNAPSHOT = "own/read_snapshot",
    READ_STREAM = "read_stream",
    RECORD_COMMAND = "own/record_command",
    RECORD_MIGRATION = "record_migration",
    SCHEMA_VERSION = "schema_version",
    SERVER_VERSION = "server_version",
    STREAM_HEAD = "stream_head",
    TABLE_SIZES = "table_sizes",
    USE_WAL = "own/use_wal",
    WATERMARK = "watermark",
    WRITE_SNAPSHOT = "write_snapshot",
}
