//! What a database error means, by its code alone.

use rehydrate_port::StoreError;
use sqlx::mysql::MySqlDatabaseError;

use super::migrate;

/// What the server's codes say about the caller's options; see
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/> and
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The server has rolled the transaction back, so that another one may go on.
    Deadlock,
    /// Somebody else keeps a lock.
    Locked,
    /// A duplicate key.
    Taken,
    /// The server does not answer, is going down, has no room for another connection, or somebody
    /// has stopped the statement.
    Unavailable,
    ReadOnly,
    Full,
    TooLarge,
    /// A value does not fit into its column.
    Unfit,
    NoTable,
    NoDatabase,
    /// This account may not connect.
    Rejected,
    /// This account may not do this.
    Denied,
    Other,
}

pub(super) fn meaning(error: &sqlx::Error) -> Meaning {
    let error = match error {
        sqlx::Error::Database(error) => error.try_downcast_ref::<MySqlDatabaseError>(),
        // A protocol error is an answer cut short.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => return Meaning::Unavailable,
        _ => None,
    };
    error.map_or(Meaning::Other, |error| meaning_of(error.number()))
}

fn meaning_of(code: u16) -> Meaning {
    match code {
        // A table that is younger than the transaction's snapshot is one, too.
        1213 | 1412 | 1614 => Meaning::Deadlock,
        1205 | 3572 => Meaning::Locked,
        1022 | 1062 | 1586 => Meaning::Taken,
        // No connection left; going down; killed; the network; a statement's time is over; a
        // cluster that is not ready; and what a proxy says for the client library.
        1040
        | 1203
        | 1226
        | 1053
        | 1077..=1080
        | 1152
        | 1158..=1161
        | 1184
        | 1317
        | 1927
        | 1969
        | 3024
        | 3168
        | 3169
        | 4031
        | 1047
        | 2002
        | 2003
        | 2006
        | 2013
        | 2055 => Meaning::Unavailable,
        1290 | 1036 | 1792 | 1836 | 3100 => Meaning::ReadOnly,
        1021 | 1114 => Meaning::Full,
        1153 | 1301 => Meaning::TooLarge,
        1048 | 1264..=1265 | 1292 | 1364 | 1366 | 1406 | 3140 | 3819 | 4025 => Meaning::Unfit,
        1051 | 1054 | 1146 => Meaning::NoTable,
        1049 | 1046 => Meaning::NoDatabase,
        1044 | 1045 | 1130 | 1251 | 1698 | 3118 | 1862 => Meaning::Rejected,
        1142 | 1143 | 1227 | 1370 => Meaning::Denied,
        _ => Meaning::Other,
    }
}

/// Whether the server has answered with this error, so that the connection is as good as before.
pub(super) fn is_answer(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(_))
}

/// The error of a call on `store` that was about to `action`.
pub(super) fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    let store = store.to_owned();
    let cannot_open = |store, reason: String, source: sqlx::Error| StoreError::CannotOpen {
        store,
        reason,
        source: Some(source.into()),
    };
    match meaning(&error) {
        Meaning::Deadlock => StoreError::Unavailable {
            reason: format!("other transactions on {store} were in each other's way"),
            source: Some(error.into()),
        },
        Meaning::Locked => StoreError::Unavailable {
            reason: format!("another transaction has kept a part of {store} locked"),
            source: Some(error.into()),
        },
        Meaning::Unavailable => StoreError::Unavailable {
            reason: format!("{store} does not answer, or has stopped answering"),
            source: Some(error.into()),
        },
        Meaning::ReadOnly => StoreError::ReadOnly {
            store,
            source: Some(error.into()),
        },
        Meaning::Full => StoreError::Full {
            store,
            source: error.into(),
        },
        Meaning::TooLarge => too_large(action, Some(error)),
        Meaning::NoTable => StoreError::SchemaMismatch {
            store,
            found: 0,
            known: migrate::MIGRATIONS.known(),
            advice: migrate::ADVICE,
        },
        Meaning::NoDatabase => {
            let reason = "there is no such database: create it, then migrate it".to_owned();
            cannot_open(store, reason, error)
        }
        Meaning::Rejected => {
            let reason = "the server rejects this account: see to its name, its password and its \
                right to use the database";
            cannot_open(store, reason.to_owned(), error)
        }
        Meaning::Denied => {
            let reason = format!(
                "this account has no right to {action}: see the grants in the documentation of \
                 MySqlStore"
            );
            cannot_open(store, reason, error)
        }
        Meaning::Taken | Meaning::Unfit | Meaning::Other => StoreError::Backend {
            action,
            source: error.into(),
        },
    }
}

/// The error of something that writes: an account that may only read has a read-only store.
pub(super) fn explain_write(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    match meaning(&error) {
        Meaning::Denied => StoreError::ReadOnly {
            store: store.to_owned(),
            source: Some(error.into()),
        },
        _ => explain(store, action, error),
    }
}

/// The error of a statement that reads the table of a read model.
pub(super) fn explain_table(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    // It is not one of those that a migration makes.
    if meaning(&error) == Meaning::NoTable {
        StoreError::Backend {
            action,
            source: error.into(),
        }
    } else {
        explain(store, action, error)
    }
}

/// The error of a statement that writes the table of a read model, which may have refused a row.
pub(super) fn explain_row(
    store: &str,
    action: &'static str,
    table: &str,
    error: sqlx::Error,
) -> StoreError {
    match meaning(&error) {
        Meaning::Unfit => StoreError::BadRow {
            table: table.to_owned(),
            source: error.into(),
        },
        Meaning::NoTable => explain_table(store, action, error),
        _ => explain_write(store, action, error),
    }
}

/// The error of a COMMIT, which may have been done even though its answer was lost.
pub(super) fn explain_commit(store: &str, error: sqlx::Error) -> StoreError {
    match meaning(&error) {
        // A cluster says so where two nodes were in each other's way: it has rolled back.
        Meaning::Deadlock | Meaning::ReadOnly => explain(store, "commit", error),
        _ => StoreError::OutcomeUnknown {
            source: error.into(),
        },
    }
}

pub(super) fn too_large(action: &'static str, error: Option<sqlx::Error>) -> StoreError {
    let source = TooLarge { source: error };
    StoreError::Backend {
        action,
        source: source.into(),
    }
}

/// More than fits into a packet.
#[derive(Debug)]
struct TooLarge {
    source: Option<sqlx::Error>,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "it is larger than the server's max_allowed_packet: raise that, or append less at once",
        )
    }
}

impl std::error::Error for TooLarge {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_what_an_error_means() {
        for (codes, expected) in [
            (&[1213][..], Meaning::Deadlock),
            (&[1205], Meaning::Locked),
            (&[1062], Meaning::Taken),
            (&[1040, 1053, 1317, 1927, 2006, 2013], Meaning::Unavailable),
            (&[1290, 1836], Meaning::ReadOnly),
            (&[1021, 1114], Meaning::Full),
            (&[1153], Meaning::TooLarge),
            (&[1146], Meaning::NoTable),
            (&[1049], Meaning::NoDatabase),
            (&[1044, 1045], Meaning::Rejected),
            (&[1142, 1143], Meaning::Denied),
            (&[1048, 1264, 1292, 1364, 1366, 1406], Meaning::Unfit),
            // A mistake in a statement, a signal of a trigger.
            (&[1064, 1644], Meaning::Other),
        ] {
            for code in codes {
                assert_eq!(meaning_of(*code), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_commit_whose_answer_was_lost_may_have_happened() {
        let lost = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        let outcome = explain_commit("events", lost);
        assert!(matches!(outcome, StoreError::OutcomeUnknown { .. }));
    }
}
