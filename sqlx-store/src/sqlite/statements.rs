//! The statements, each in a file of its own; those that no other database needs are in `own`.

use crate::dialect::session::Kept;

macro_rules! statements {
    ($($name:ident = $file:literal),* $(,)?) => {$(
        pub(super) const $name: &str =
            include_str!(concat!("../../sql/sqlite/", $file, ".sql"));
    )*};
}

statements! {
    APPEND_EVENTS = "append_events",
    BEGIN = "begin",
    CENSUS = "census",
    CHANGE_VIEWS = "own/change_views",
    COUNT_LOG = "count_log",
    CREATE_CHECKPOINT = "create_checkpoint",
    CREATE_MIGRATIONS = "create_migrations",
    FIND_COMMAND = "own/find_command",
    FORGET_AHEAD = "forget_ahead",
    HAS_MIGRATIONS = "has_migrations",
    IMPORT_EVENTS = "import_events",
    KEEP_VIEWS = "own/keep_views",
    LIST_STREAMS = "list_streams",
    LOCK_CHECKPOINT = "lock_checkpoint",
    LONGEST_STREAMS = "longest_streams",
    PROBE_WRITE = "own/probe_write",
    PUT_AHEAD = "put_ahead",
    PUT_DELIVERY = "put_delivery",
    READ_AHEAD = "read_ahead",
    READ_CHECKPOINT = "read_checkpoint",
    READ_CHECKPOINTS = "read_checkpoints",
    READ_DELIVERIES = "read_deliveries",
    READ_LOG = "read_log",
    READ_LOG_OF_CATEGORIES = "read_log_of_categories",
    READ_OPEN_DELIVERIES = "read_open_deliveries",
    READ_SNAPSHOT = "own/read_snapshot",
    READ_STREAM = "read_stream",
    RECORD_COMMAND = "own/record_command",
    RECORD_MIGRATION = "record_migration",
    RELEASE_LEASE = "release_lease",
    REMOVE_AHEAD = "remove_ahead",
    REMOVE_CHECKPOINTS = "remove_checkpoints",
    REMOVE_DELIVERIES = "remove_deliveries",
    REMOVE_DELIVERY = "remove_delivery",
    SAVE_CHECKPOINT = "save_checkpoint",
    SCHEMA_VERSION = "schema_version",
    SERVER_VERSION = "server_version",
    STREAM_HEAD = "stream_head",
    SWAP_ROLES = "swap_roles",
    TABLE_SIZES = "table_sizes",
    TAKE_LEASE = "take_lease",
    USE_WAL = "own/use_wal",
    WATERMARK = "watermark",
    WRITE_SNAPSHOT = "write_snapshot",
}

/// The text of a statement for consumers.
pub(super) fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::CountLog => COUNT_LOG,
        Kept::CreateCheckpoint => CREATE_CHECKPOINT,
        Kept::ForgetAhead => FORGET_AHEAD,
        // Whoever may write has the whole file, so nothing is ever locked by somebody else.
        Kept::LockCheckpoint | Kept::LockFreeCheckpoint => LOCK_CHECKPOINT,
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
