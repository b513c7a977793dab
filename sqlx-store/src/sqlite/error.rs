//! What a database error means, by its code alone.

use std::sync::Arc;

use rehydrate::StoreError;

/// An error of the driver. Shared, because everybody in a group of appends gets it.
pub(super) type Shared = Arc<sqlx::Error>;

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
        Meaning::Taken | Meaning::Other => StoreError::Backend {
            action,
            source: error.into(),
        },
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
