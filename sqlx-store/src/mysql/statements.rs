//! The statements, each in a file of its own, and the scripts made of them; those that no other
//! database needs are in `own`.

use std::sync::LazyLock;

use crate::dialect::session::Kept;

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
    CENSUS = "census",
    COUNTER_IN_USE = "own/counter_in_use",
    COUNT_FED_FURTHER = "count_fed_further",
    COUNT_LOG = "count_log",
    CREATE_CHECKPOINT = "create_checkpoint",
    CREATE_MIGRATIONS = "create_migrations",
    END_IMPORT = "own/end_import",
    FIND_COMMAND = "own/find_command",
    FIND_TABLES = "own/find_tables",
    FIND_TABLE_COMMENT = "own/find_table_comment",
    FORGET_AHEAD = "forget_ahead",
    FORGET_SWAP = "own/forget_swap",
    HAS_MIGRATIONS = "has_migrations",
    HOLDER = "own/holder",
    IMPORT_EVENTS = "import_events",
    LIST_STREAMS = "list_streams",
    LOCK_BUILDS = "own/lock_builds",
    LOCK_CHECKPOINT = "lock_checkpoint",
    LOCK_FREE_CHECKPOINT = "own/lock_free_checkpoint",
    LOCK_MIGRATIONS = "own/lock_migrations",
    LONGEST_STREAMS = "longest_streams",
    LOOK_PAST_COMMITS = "own/look_past_commits",
    MISSING_INDEXES = "own/missing_indexes",
    NOTE_SWAP = "own/note_swap",
    PUT_AHEAD = "put_ahead",
    PUT_DELIVERY = "put_delivery",
    PUT_FEED = "put_feed",
    PUT_LAST_FED = "put_last_fed",
    PUT_RELAY = "put_relay",
    PUT_WAITING = "put_waiting",
    READ_AHEAD = "read_ahead",
    READ_CHECKPOINT = "read_checkpoint",
    READ_CHECKPOINTS = "read_checkpoints",
    READ_DELIVERIES = "read_deliveries",
    READ_FEEDS = "read_feeds",
    READ_LAST_FED = "read_last_fed",
    READ_LOG = "read_log",
    READ_LOG_OF_CATEGORIES = "read_log_of_categories",
    READ_OPEN_DELIVERIES = "read_open_deliveries",
    READ_RELAYS = "read_relays",
    READ_STREAM = "read_stream",
    READ_SWAP = "own/read_swap",
    READ_SWAPS = "own/read_swaps",
    READ_WAITING = "read_waiting",
    RECORD_MIGRATION = "record_migration",
    RELEASE_LEASE = "release_lease",
    REMOVE_AHEAD = "remove_ahead",
    REMOVE_ALL_WAITING = "remove_all_waiting",
    REMOVE_CHECKPOINTS = "remove_checkpoints",
    REMOVE_DELIVERIES = "remove_deliveries",
    REMOVE_DELIVERY = "remove_delivery",
    REMOVE_FEED = "remove_feed",
    REMOVE_LAST_FED = "remove_last_fed",
    REMOVE_RELAY = "remove_relay",
    REMOVE_WAITING = "remove_waiting",
    ROLL_BACK = "own/roll_back",
    ROLL_BACK_TO_SAVEPOINT = "own/roll_back_to_savepoint",
    SAVE_CHECKPOINT = "save_checkpoint",
    SCHEMA_VERSION = "schema_version",
    SERVER_FACTS = "own/server_facts",
    SERVER_VERSION = "server_version",
    SET_ISOLATION = "own/set_isolation",
    SET_SESSION = "own/set_session",
    STREAM_HEAD = "stream_head",
    SWAP_ROLES = "swap_roles",
    TABLE_SIZES = "table_sizes",
    TAKE_LEASE = "take_lease",
    UNLOCK_BUILDS = "own/unlock_builds",
    WAIT_PATIENTLY = "own/wait_patiently",
    WAIT_SHORTLY = "own/wait_shortly",
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
    /// The beginning of several reads that all see the same.
    BEGIN_SNAPSHOT = ["own/set_snapshot", "own/begin_snapshot"],
    /// Its end, which fails before it commits anything if it is over already.
    COMMIT = ["own/check_transaction", "own/commit"],
}

/// The text of a statement for consumers.
pub(super) fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::CountFedFurther => COUNT_FED_FURTHER,
        Kept::PutFeed => PUT_FEED,
        Kept::PutLastFed => PUT_LAST_FED,
        Kept::PutRelay => PUT_RELAY,
        Kept::PutWaiting => PUT_WAITING,
        Kept::ReadFeeds => READ_FEEDS,
        Kept::ReadLastFed => READ_LAST_FED,
        Kept::ReadRelays => READ_RELAYS,
        Kept::ReadWaiting => READ_WAITING,
        Kept::RemoveAllWaiting => REMOVE_ALL_WAITING,
        Kept::RemoveFeed => REMOVE_FEED,
        Kept::RemoveLastFed => REMOVE_LAST_FED,
        Kept::RemoveRelay => REMOVE_RELAY,
        Kept::RemoveWaiting => REMOVE_WAITING,
        Kept::CountLog => COUNT_LOG,
        Kept::CreateCheckpoint => CREATE_CHECKPOINT,
        Kept::ForgetAhead => FORGET_AHEAD,
        Kept::LockCheckpoint => LOCK_CHECKPOINT,
        Kept::LockFreeCheckpoint => LOCK_FREE_CHECKPOINT,
        Kept::PutAhead => PUT_AHEAD,
        Kept::PutDelivery => PUT_DELIVERY,
        Kept::ReadAhead => READ_AHEAD,
        Kept::ReadCheckpoint => READ_CHECKPOINT,
        Kept::ReadCheckpoints => READ_CHECKPOINTS,
        Kept::ReadDeliveries => READ_DELIVERIES,
        Kept::ReadOpenDeliveries => READ_OPEN_DELIVERIES,
        Kept::ReleaseLease => RELEASE_LEASE,
        Kept::RemoveAhead => REMOVE_AHEAD,
        Kept::RemoveCheckpoints => REMOVE_CHECKPOINTS,
        Kept::RemoveDeliveries => REMOVE_DELIVERIES,
        Kept::RemoveDelivery => REMOVE_DELIVERY,
        Kept::SaveCheckpoint => SAVE_CHECKPOINT,
        Kept::SwapRoles => SWAP_ROLES,
        Kept::TakeLease => TAKE_LEASE,
    }
}
