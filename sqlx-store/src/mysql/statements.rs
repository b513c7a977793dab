//! The statements, each in a file of its own, and the scripts made of them; those that no other
//! database needs are in `own`.

use std::sync::LazyLock;

macro_rules! sql {
    ($file:literal) => {
        include_str!(concat!("../../sql/mysql/", $file, ".sql"))
    };
}

macro_rules! statements {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(pub(super) const $name: &str = sql!($file);)*
    };
}

/// Several statements that are sent together, so that nothing is waited for in between.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = [$($file:literal),* $(,)?]),* $(,)?) => {
        $($(#[$doc])* pub(super) static $name: Script = Script(LazyLock::new(|| {
            [$(without_comments(sql!($file))),*].join(";\n")
        }), [$($file),*].len());)*
    };
}

/// Constant text, in one round trip; what it works on is in the session.
#[derive(Debug)]
pub(super) struct Script(LazyLock<String>, usize);

impl Script {
    pub(super) fn text(&'static self) -> &'static str {
        &self.0
    }

    /// How many statements there are.
    pub(super) fn len(&self) -> usize {
        self.1
    }
}

/// A script is sent and parsed each time, so it has nothing in it that is only for people.
fn without_comments(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    lines.collect::<Vec<_>>().join("\n")
}

statements! {
    BEGIN_IMPORT = "own/begin_import",
    BIND_APPEND = "own/bind_append",
    COUNTER_IN_USE = "own/counter_in_use",
    CREATE_MIGRATIONS = "create_migrations",
    END_IMPORT = "own/end_import",
    FIND_COMMAND = "own/find_command",
    HAS_MIGRATIONS = "has_migrations",
    HOLDER = "own/holder",
    IMPORT_EVENTS = "import_events",
    LIST_STREAMS = "list_streams",
    LOCK_MIGRATIONS = "own/lock_migrations",
    LONGEST_STREAMS = "longest_streams",
    LOOK_PAST_COMMITS = "own/look_past_commits",
    MISSING_INDEXES = "own/missing_indexes",
    PACKET_LIMIT = "own/packet_limit",
    READ_LOG = "read_log",
    READ_LOG_OF_CATEGORY = "read_log_of_category",
    READ_STREAM = "read_stream",
    RECORD_MIGRATION = "record_migration",
    ROLL_BACK = "own/roll_back",
    ROLL_BACK_TO_SAVEPOINT = "own/roll_back_to_savepoint",
    SCHEMA_VERSION = "schema_version",
    SERVER_VERSION = "server_version",
    SET_ISOLATION = "own/set_isolation",
    SET_SESSION = "own/set_session",
    STREAM_HEAD = "stream_head",
    TABLE_SIZES = "table_sizes",
    WATERMARK = "watermark",
    WRITE_SNAPSHOT = "write_snapshot",
}

scripts! {
    /// A whole append, from its beginning to its commit: the counter is locked only while the
    /// server runs it, never while it waits for a client.
    APPEND = [
        "begin",
        "own/check_append",
        "own/lock_counter",
        "own/check_append",
        "append_events",
        "own/record_command",
        "own/move_counter",
        "own/append_outcome",
        "own/forget_append",
        "own/commit",
    ],
    /// An append in a transaction that somebody else ends. If that is over, its second statement
    /// fails before anything is done.
    APPEND_IN_TRANSACTION = [
        "own/set_savepoint",
        "own/roll_back_to_savepoint",
        "own/check_append",
        "own/lock_counter",
        "own/check_append",
        "append_events",
        "own/record_command",
        "own/move_counter",
        "own/append_outcome",
        "own/forget_append",
    ],
    /// The beginning of a transaction over several appends.
    BEGIN = ["begin", "own/mark_transaction"],
    /// Its end, which fails before it commits anything if it is over already.
    COMMIT = ["own/check_transaction", "own/commit"],
}
