//! The statements, each in a file of its own; those that no other database needs are in `own`.

use std::sync::Arc;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::options::quoted;

macro_rules! statements {
    ($($name:ident = $file:literal),* $(,)?) => {
        /// The statements of a store, with its schema before the names of its tables and functions.
        ///
        /// So that they mean the same whatever the connection's `search_path` is, which behind a
        /// pooler nobody knows, and which the caller may change within a transaction.
        #[derive(Clone, Debug)]
        pub(super) struct Statements {
            $($name: Arc<str>,)*
            is_cached: bool,
        }

        impl Statements {
            pub(super) fn new(schema: &str, is_cached: bool) -> Self {
                let prefix = format!("{}.", quoted(schema));
                Self {
                    $($name: qualified(
                        include_str!(concat!("../../sql/postgres/", $file, ".sql")),
                        &prefix,
                    ).into(),)*
                    is_cached,
                }
            }

            $(pub(super) fn $name(&self) -> Query<'static, Postgres, PgArguments> {
                // The text is that of the file, and the schema is a plain name.
                sqlx::query(AssertSqlSafe(Arc::clone(&self.$name))).persistent(self.is_cached)
            })*
        }
    };
}

statements! {
    append_events = "append_events",
    append_events_or_answer = "own/append_events_or_answer",
    create_migrations = "create_migrations",
    find_schema = "own/find_schema",
    has_migrations = "has_migrations",
    has_schema = "own/has_schema",
    holders = "own/holders",
    import_events = "import_events",
    list_streams = "list_streams",
    lock_migrations = "own/lock_migrations",
    longest_streams = "longest_streams",
    look_into_schema = "own/look_into_schema",
    missing_indexes = "own/missing_indexes",
    notify = "own/notify",
    read_log = "read_log",
    read_log_of_category = "read_log_of_category",
    read_stream = "read_stream",
    record_migration = "record_migration",
    schema_version = "schema_version",
    server_version = "server_version",
    stream_head = "stream_head",
    table_oid = "own/table_oid",
    table_sizes = "table_sizes",
    watermark = "watermark",
    write_snapshot = "write_snapshot",
}

impl Statements {
    /// The one statement that names nothing, as the driver wants it for its transactions.
    pub(super) const BEGIN: &'static str = include_str!("../../sql/postgres/begin.sql");
}

/// The statement without its comment, with a prefix before each of our names.
fn qualified(statement: &str, prefix: &str) -> String {
    let lines = statement.lines().filter(|line| !line.starts_with("--"));
    let statement = lines.collect::<Vec<_>>().join("\n");
    let mut qualified = String::with_capacity(statement.len() + 4 * prefix.len());
    let mut rest = 0;
    for (at, _) in statement.match_indices("rehydrate_") {
        // A name in a literal is data.
        if statement[..at].ends_with(|before: char| before.is_whitespace() || before == '(') {
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
        let statement = "-- rehydrate_a\nSELECT * FROM rehydrate_events AS rehydrate\nWHERE f('rehydrate_x')\n(rehydrate_f(1))";
        assert_eq!(
            qualified(statement, "\"s\"."),
            "SELECT * FROM \"s\".rehydrate_events AS rehydrate\nWHERE f('rehydrate_x')\n(\"s\".rehydrate_f(1))"
        );
    }
}
