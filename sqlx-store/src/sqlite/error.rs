//! What a database error means, by its code alone.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use rehydrate_port::StoreError;
use sqlx::error::{DatabaseError, ErrorKind};

/// An error of the driver. Shared, because everybody in a group of appends gets it.
pub(super) type Shared = Arc<sqlx::Error>;

/// What SQLite said to rusqlite.
#[derive(Debug)]
struct Said {
    code: i32,
    error: rusqlite::Error,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Said {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl DatabaseError for Said {
    fn message(&self) -> &str {
        match &self.error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message,
            _ => "SQLite has no words for it",
        }
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// An error of rusqlite's, as if it came from sqlx: there is one place that knows what errors mean.
pub(super) fn of_rusqlite(error: rusqlite::Error) -> sqlx::Error {
    match error.sqlite_error().map(|said| said.extended_code) {
        Some(code) => sqlx::Error::Database(Box::new(Said { code, error })),
        None => sqlx::Error::Decode(error.into()),
    }
}

/// What SQLite's result codes say about the caller's options; see <https://sqlite.org/rescode.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Busy,
    ReadOnly,
    Full,
    Unreachable,
    Damaged,
    NotADatabase,
    Interrupted,
    Taken,
    /// Too large, or against another constraint.
    Unfit,
    Other,
}

pub(super) fn meaning(error: &sqlx::Error) -> Meaning {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
        sqlx::Error::WorkerCrashed => return Meaning::Interrupted,
        _ => None,
    };
    match code {
        None => Meaning::Other,
        // UNIQUE and PRIMARY KEY, but no other constraint.
        Some(2067 | 1555) => Meaning::Taken,
        // An extended code has its primary code in the low byte.
        Some(code) => match code & 0xff {
            5 | 6 => Meaning::Busy,
            4 | 7 | 9 | 10 => Meaning::Interrupted,
            8 => Meaning::ReadOnly,
            11 => Meaning::Damaged,
            13 => Meaning::Full,
            3 | 14 | 23 => Meaning::Unreachable,
            26 => Meaning::NotADatabase,
            18..=20 => Meaning::Unfit,
            _ => Meaning::Other,
        },
    }
}

/// The error of a call on `store` that was about to `action`.
pub(super) fn explain(store: &str, action: &'static str, error: impl Into<Shared>) -> StoreError {
    let error: Shared = error.into();
    let store = store.to_owned();
    let cannot_open = |store, reason: &str, source: Shared| StoreError::CannotOpen {
        store,
        reason: reason.to_owned(),
        source: Some(source.into()),
    };
    match meaning(&error) {
        Meaning::Busy => StoreError::Unavailable {
            reason: format!("another connection has kept {store} locked"),
            source: Some(error.into()),
        },
        Meaning::Interrupted => StoreError::Unavailable {
            reason: format!("{store} was interrupted, or its disk failed"),
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
        Meaning::Unreachable => cannot_open(
            store,
            "see that its folder exists, and that this user may read and write there",
            error,
        ),
        Meaning::NotADatabase => cannot_open(store, "it is not an SQLite database", error),
        Meaning::Damaged => cannot_open(
            store,
            "the file is damaged: restore a copy, or try the `.recover` command of `sqlite3`",
            error,
        ),
        Meaning::Taken | Meaning::Unfit | Meaning::Other => StoreError::Backend {
            action,
            source: error.into(),
        },
    }
}

/// The error of a statement over the table of a read model, which may have refused a row.
pub(super) fn explain_row(
    store: &str,
    action: &'static str,
    table: &str,
    error: sqlx::Error,
) -> StoreError {
    match meaning(&error) {
        Meaning::Taken | Meaning::Unfit => StoreError::BadRow {
            table: table.to_owned(),
            source: error.into(),
        },
        _ => explain(store, action, error),
    }
}

/// The error of a COMMIT, which may have reached the disk even though it failed.
pub(super) fn explain_commit(store: &str, error: impl Into<Shared>) -> StoreError {
    let error: Shared = error.into();
    match meaning(&error) {
        Meaning::Busy | Meaning::Full | Meaning::ReadOnly => explain(store, "commit", error),
        _ => StoreError::OutcomeUnknown {
            source: error.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use rehydrate_port::ErrorKind;
    use rusqlite::ffi;

    use super::*;

    /// What SQLite would say with this code.
    fn error(code: i32) -> sqlx::Error {
        let text = "UNIQUE constraint failed, database is locked, disk is full";
        of_rusqlite(rusqlite::Error::SqliteFailure(
            ffi::Error::new(code),
            Some(text.to_owned()),
        ))
    }

    #[test]
    fn a_code_decides_what_an_error_means_and_its_text_does_not() {
        for (codes, expected) in [
            (&[5, 261, 517, 773, 6, 262][..], Meaning::Busy),
            (&[8, 264, 520, 776, 1032, 1288, 1544], Meaning::ReadOnly),
            (&[13], Meaning::Full),
            (&[14, 270, 526, 782, 1038, 3, 23], Meaning::Unreachable),
            (&[11, 267, 523, 779], Meaning::Damaged),
            (&[26], Meaning::NotADatabase),
            (&[10, 266, 778, 4, 7, 9], Meaning::Interrupted),
            (&[2067, 1555], Meaning::Taken),
            // Other constraints than UNIQUE and PRIMARY KEY.
            (&[18, 19, 20, 275, 787, 1299, 1811, 3091], Meaning::Unfit),
            // A mistake in a statement.
            (&[1], Meaning::Other),
        ] {
            for code in codes {
                assert_eq!(meaning(&error(*code)), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_commit_that_failed_on_the_disk_may_have_happened() {
        let outcome = |code| explain_commit("events.db", error(code));
        assert!(matches!(outcome(1034), StoreError::OutcomeUnknown { .. }));
        assert!(matches!(outcome(1), StoreError::OutcomeUnknown { .. }));
        assert!(matches!(outcome(13), StoreError::Full { .. }));
        assert!(matches!(outcome(517), StoreError::Unavailable { .. }));
        let gone = explain_commit("events.db", sqlx::Error::WorkerCrashed);
        assert!(matches!(gone, StoreError::OutcomeUnknown { .. }));
    }

    #[test]
    fn who_waits_for_a_lock_or_a_disk_may_try_again() {
        for code in [5, 517, 6, 10, 9] {
            assert_eq!(
                explain("events.db", "read", error(code)).kind(),
                ErrorKind::TryAgain
            );
        }
        for code in [8, 13, 14, 26, 11] {
            assert_eq!(
                explain("events.db", "read", error(code)).kind(),
                ErrorKind::Operator
            );
        }
    }
}
