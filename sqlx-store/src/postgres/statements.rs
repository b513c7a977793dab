//! The statements, each in a file of its own; those that no other database needs are in `own`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate_port::Position;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Postgres};

use super::options::quoted;
use crate::dialect::session::Kept;

/// From this position on a log is long.
const LONG: u64 = 10_000;

/// What makes another statement of one.
const IN_A_LONG_LOG: &str = "\n-- in a long log";

/// A statement's text, and another one for a long log, so that each has a plan of its own.
///
/// A connection keeps the plan that PostgreSQL has made for a statement. For a table that is nearly
/// empty that may be to read all of it, and nothing tells PostgreSQL that the table has grown until
/// somebody analyzes it.
type Texts = [Arc<str>; 2];

macro_rules! statements {
    ($($name:ident = $file:literal),* $(,)?) => {
        /// The statements of a store, with its schema before the names of its tables and functions.
        ///
        /// So that they mean the same whatever the connection's `search_path` is, which behind a
        /// pooler nobody knows, and which the caller may change within a transaction.
        #[derive(Clone, Debug)]
        pub(super) struct Statements {
            $($name: Texts,)*
            is_cached: bool,
            last_position: Arc<AtomicU64>,
        }

        impl Statements {
            pub(super) fn new(schema: &str, is_cached: bool) -> Self {
                let prefix = format!("{}.", quoted(schema));
                Self {
                    $($name: texts(
                        include_str!(concat!("../../sql/postgres/", $file, ".sql")),
                        &prefix,
                    ),)*
                    is_cached,
                    last_position: Arc::default(),
                }
            }

            $(pub(super) fn $name(&self) -> Query<'static, Postgres, PgArguments> {
                // The text is that of the file, and the schema is a plain name.
                let [text, of_a_long_log] = &self.$name;
                let text = if self.is_log_long() { of_a_long_log } else { text };
                sqlx::query_with(AssertSqlSafe(Arc::clone(text)), room()).persistent(self.is_cached)
            })*
        }
    };
}

statements! {
    append_event = "own/append_event",
    append_events = "append_events",
    append_events_or_answer = "own/append_events_or_answer",
    append_group = "own/append_group",
    append_several = "own/append_several",
    census = "census",
    count_fed_further = "count_fed_further",
    count_log = "count_log",
    create_checkpoint = "create_checkpoint",
    create_migrations = "create_migrations",
    find_schema = "own/find_schema",
    forget_ahead = "forget_ahead",
    has_migrations = "has_migrations",
    has_schema = "own/has_schema",
    holders = "own/holders",
    import_events = "import_events",
    list_streams = "list_streams",
    lock_builds = "own/lock_builds",
    lock_checkpoint = "lock_checkpoint",
    lock_free_checkpoint = "own/lock_free_checkpoint",
    lock_migrations = "own/lock_migrations",
    longest_streams = "longest_streams",
    look_into_schema = "own/look_into_schema",
    missing_indexes = "own/missing_indexes",
    notify = "own/notify",
    put_ahead = "put_ahead",
    put_delivery = "put_delivery",
    put_feed = "put_feed",
    put_last_fed = "put_last_fed",
    put_relay = "put_relay",
    put_waiting = "put_waiting",
    read_ahead = "read_ahead",
    read_checkpoint = "read_checkpoint",
    read_checkpoints = "read_checkpoints",
    read_deliveries = "read_deliveries",
    read_events = "own/read_events",
    read_feeds = "read_feeds",
    read_from_snapshot = "own/read_from_snapshot",
    read_last_fed = "read_last_fed",
    read_log = "read_log",
    read_log_of_categories = "read_log_of_categories",
    read_open_deliveries = "read_open_deliveries",
    read_relays = "read_relays",
    read_settled = "own/read_settled",
    read_settled_of_category = "own/read_settled_of_category",
    read_stream = "read_stream",
    read_waiting = "read_waiting",
    record_migration = "record_migration",
    release_lease = "release_lease",
    remove_ahead = "remove_ahead",
    remove_all_waiting = "remove_all_waiting",
    remove_checkpoints = "remove_checkpoints",
    remove_deliveries = "remove_deliveries",
    remove_delivery = "remove_delivery",
    remove_feed = "remove_feed",
    remove_last_fed = "remove_last_fed",
    remove_relay = "remove_relay",
    remove_waiting = "remove_waiting",
    save_checkpoint = "save_checkpoint",
    schema_version = "schema_version",
    server_version = "server_version",
    stream_head = "stream_head",
    swap_roles = "swap_roles",
    swap_tables = "own/swap_tables",
    table_oid = "own/table_oid",
    table_sizes = "table_sizes",
    take_lease = "take_lease",
    watermark = "watermark",
    write_snapshot = "write_snapshot",
}

impl Statements {
    /// A statement that names nothing, as the driver wants it for its transactions.
    pub(super) const BEGIN: &'static str = include_str!("../../sql/postgres/begin.sql");
    /// Another one, for reads that are to see the same.
    pub(super) const BEGIN_SNAPSHOT: &'static str =
        include_str!("../../sql/postgres/own/begin_snapshot.sql");

    /// The log is this long at least.
    pub(super) fn see(&self, position: Position) {
        self.last_position
            .fetch_max(position.get(), Ordering::Relaxed);
    }

    /// Whether the log is so long that nobody would read all of it for an event.
    pub(super) fn is_log_long(&self) -> bool {
        self.last_position.load(Ordering::Relaxed) >= LONG
    }

    /// Whether the driver keeps what it has prepared.
    pub(super) fn is_cached(&self) -> bool {
        self.is_cached
    }

    /// A statement over the table of a read model, which grows as the log does. The names in the
    /// text have been checked.
    pub(super) fn over_table(&self, mut text: String) -> Query<'static, Postgres, PgArguments> {
        if self.is_log_long() {
            text.push_str(IN_A_LONG_LOG);
        }
        sqlx::query(AssertSqlSafe(text)).persistent(self.is_cached)
    }

    /// A statement for consumers.
    pub(super) fn kept(&self, kept: Kept) -> Query<'static, Postgres, PgArguments> {
        match kept {
            Kept::CountFedFurther => self.count_fed_further(),
            Kept::PutFeed => self.put_feed(),
            Kept::PutLastFed => self.put_last_fed(),
            Kept::PutRelay => self.put_relay(),
            Kept::PutWaiting => self.put_waiting(),
            Kept::ReadFeeds => self.read_feeds(),
            Kept::ReadLastFed => self.read_last_fed(),
            Kept::ReadRelays => self.read_relays(),
            Kept::ReadWaiting => self.read_waiting(),
            Kept::RemoveAllWaiting => self.remove_all_waiting(),
            Kept::RemoveFeed => self.remove_feed(),
            Kept::RemoveLastFed => self.remove_last_fed(),
            Kept::RemoveRelay => self.remove_relay(),
            Kept::RemoveWaiting => self.remove_waiting(),
            Kept::CountLog => self.count_log(),
            Kept::CreateCheckpoint => self.create_checkpoint(),
            Kept::ForgetAhead => self.forget_ahead(),
            Kept::LockCheckpoint => self.lock_checkpoint(),
            Kept::LockFreeCheckpoint => self.lock_free_checkpoint(),
            Kept::PutAhead => self.put_ahead(),
            Kept::PutDelivery => self.put_delivery(),
            Kept::ReadAhead => self.read_ahead(),
            Kept::ReadCheckpoint => self.read_checkpoint(),
            Kept::ReadCheckpoints => self.read_checkpoints(),
            Kept::ReadDeliveries => self.read_deliveries(),
            Kept::ReadOpenDeliveries => self.read_open_deliveries(),
            Kept::ReleaseLease => self.release_lease(),
            Kept::RemoveAhead => self.remove_ahead(),
            Kept::RemoveCheckpoints => self.remove_checkpoints(),
            Kept::RemoveDeliveries => self.remove_deliveries(),
            Kept::RemoveDelivery => self.remove_delivery(),
            Kept::SaveCheckpoint => self.save_checkpoint(),
            Kept::SwapRoles => self.swap_roles(),
            Kept::TakeLease => self.take_lease(),
        }
    }
}

/// Arguments with room for those of an append, which would otherwise be moved with every second one.
fn room() -> PgArguments {
    let mut arguments = PgArguments::default();
    arguments.reserve(9, 512);
    arguments
}

fn texts(statement: &str, prefix: &str) -> Texts {
    let text = qualified(statement, prefix);
    let of_a_long_log = format!("{text}{IN_A_LONG_LOG}");
    [text.into(), of_a_long_log.into()]
}

/// The statement without its comment, with a prefix before each of our names.
fn qualified(statement: &str, prefix: &str) -> String {
    let lines = statement.lines().filter(|line| !line.starts_with("--"));
    let statement = lines.collect::<Vec<_>>().join("\n");
    let mut qualified = String::with_capacity(statement.len() + 4 * prefix.len());
    let mut rest = 0;
    for (at, _) in statement.match_indices("rehydrate_") {
        // A name in a literal is data, unless the literal is the name of a table.
        let is_literal = statement[..at].ends_with('\'');
        let is_table = statement[at..]
            .split_once('\'')
            .is_some_and(|(_, rest)| rest.starts_with("::regclass"));
        let begins =
            statement[..at].ends_with(|before: char| before.is_whitespace() || before == '(');
        if begins || is_literal && is_table {
            qualified.push_str(&statement[rest..at]);
            qualified.push_str(prefix);
            rest = at;
        }
    }
    qualified.push_str(&statement[rest..]);
    qualified
}

#[cfg(test)]
mod tests {
    use super::qualified;

    #[test]
    fn names_get_the_schema_and_literals_do_not() {
        let statement = "-- rehydrate_a\nSELECT * FROM rehydrate_events AS rehydrate\nWHERE f('rehydrate_x')\n(rehydrate_f(1), 'rehydrate_x'::regclass)";
        assert_eq!(
            qualified(statement, "\"s\"."),
            "SELECT * FROM \"s\".rehydrate_events AS rehydrate\nWHERE f('rehydrate_x')\n(\"s\".rehydrate_f(1), '\"s\".rehydrate_x'::regclass)"
        );
    }
}
