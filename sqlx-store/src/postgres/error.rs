//! What a database error means, by its code and its constraint alone.

use std::io;

use rehydrate_port::StoreError;
use sqlx::postgres::PgDatabaseError;

/// The constraint that two appends of the same version meet at.
const STREAM_VERSION: &str = "rehydrate_events_stream_version";
/// The constraint that two commands of the same key meet at.
const COMMAND_KEY: &str = "rehydrate_commands_pkey";

/// What SQLSTATE says about the caller's options; see
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Somebody else was faster.
    LostRace,
    /// A deadlock, a serialization failure, a lock timeout, a cancelled statement.
    Busy,
    /// The server ended the connection before it did what it was asked.
    Closed,
    /// The connection is lost, and nobody knows how far the server came.
    Cut,
    /// The server has forgotten or changed a prepared statement.
    Stale,
    /// No more connections, or no more memory.
    Exhausted,
    ReadOnly,
    Forbidden,
    Full,
    NoTables,
    NotAllowedIn,
    /// A replica, or another isolation level than READ COMMITTED.
    WrongSession,
    Unusable,
    /// Not of the type, too large, or against a constraint.
    Unfit,
    Other,
}

impl Meaning {
    /// Whether the same call on a new connection may do what this one has not done.
    pub(super) fn is_of_the_connection(self) -> bool {
        matches!(self, Self::Closed | Self::Cut | Self::Stale)
    }
}

pub(super) fn meaning(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => meaning_of(error.code(), error.constraint()),
            None => Meaning::Other,
        },
        // The end of what was sent did not go out, so nothing was committed.
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Meaning::Closed,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Meaning::Cut,
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Meaning::Unusable,
        _ => Meaning::Other,
    }
}

fn meaning_of(code: &str, constraint: Option<&str>) -> Meaning {
    match code {
        "23505" if matches!(constraint, Some(STREAM_VERSION | COMMAND_KEY)) => Meaning::LostRace,
        "40001" | "40P01" | "55P03" | "57014" | "55006" => Meaning::Busy,
        // The server ends a transaction before it says one of these.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Meaning::Closed,
        "26000" | "0A000" => Meaning::Stale,
        "25006" => Meaning::ReadOnly,
        "42501" => Meaning::Forbidden,
        "53100" => Meaning::Full,
        "42P01" | "3F000" | "42883" => Meaning::NoTables,
        "25001" => Meaning::WrongSession,
        "3D000" | "57P04" => Meaning::Unusable,
        code if code.starts_with("53") => Meaning::Exhausted,
        code if code.starts_with("28") => Meaning::NotAllowedIn,
        code if code.starts_with("08") => Meaning::Cut,
        code if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => {
            Meaning::Unfit
        }
        _ => Meaning::Other,
    }
}

/// Whether a call failed only because its connection was not what it was when it was last used.
pub(super) fn is_of_the_connection(error: &StoreError) -> bool {
    let source = match error {
        StoreError::Unavailable { source, .. } => source.as_ref(),
        StoreError::Backend { source, .. } => Some(source),
        _ => None,
    };
    source
        .and_then(|source| source.downcast_ref::<sqlx::Error>())
        .is_some_and(|error| meaning(error).is_of_the_connection())
}

/// The error of a call on `store` that was about to `action`, and has not written anything.
pub(super) fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    let unavailable = |reason: String, error: sqlx::Error| StoreError::Unavailable {
        reason,
        source: Some(error.into()),
    };
    let cannot_open = |reason: &str, error: sqlx::Error| StoreError::CannotOpen {
        store: store.to_owned(),
        reason: reason.to_owned(),
        source: Some(error.into()),
    };
    match meaning(&error) {
        Meaning::LostRace | Meaning::Busy => unavailable(
            format!("another transaction of {store} was in the way"),
            error,
        ),
        Meaning::Closed | Meaning::Cut => {
            unavailable(format!("the connection to {store} is lost"), error)
        }
        Meaning::Exhausted => unavailable(format!("{store} has no resources left"), error),
        Meaning::ReadOnly => StoreError::ReadOnly {
            store: store.to_owned(),
            source: Some(error.into()),
        },
        Meaning::Full => StoreError::Full {
            store: store.to_owned(),
            source: error.into(),
        },
        Meaning::NoTables => super::migrate::missing(store),
        Meaning::Forbidden => cannot_open(
            "this role may not do that: grant it what `roles.sql` of rehydrate-sqlx does",
            error,
        ),
        Meaning::NotAllowedIn => cannot_open("the server does not let this user in", error),
        Meaning::WrongSession => cannot_open(
            "the log is read and imported on the primary, at the isolation level READ COMMITTED",
            error,
        ),
        Meaning::Unusable => cannot_open("its address or its TLS settings cannot be used", error),
        Meaning::Stale | Meaning::Unfit | Meaning::Other => StoreError::Backend {
            action,
            source: error.into(),
        },
    }
}

/// The error of a call that writes, and has not written anything.
pub(super) fn explain_write(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    if meaning(&error) == Meaning::Forbidden {
        StoreError::ReadOnly {
            store: store.to_owned(),
            source: Some(error.into()),
        }
    } else {
        explain(store, action, error)
    }
}

/// The error of a statement that reads the table of a read model.
pub(super) fn explain_table(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    // It is not one of those that a migration makes.
    if meaning(&error) == Meaning::NoTables {
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
        Meaning::NoTables => explain_table(store, action, error),
        _ => explain_write(store, action, error),
    }
}

/// The error of a call that commits, so that without an answer it may have happened.
pub(super) fn explain_commit(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
    if meaning(&error) == Meaning::Cut {
        StoreError::OutcomeUnknown {
            source: error.into(),
        }
    } else {
        explain_write(store, action, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_constraint_decide_what_an_error_means() {
        for (code, constraint, expected) in [
            ("23505", Some(STREAM_VERSION), Meaning::LostRace),
            ("23505", Some(COMMAND_KEY), Meaning::LostRace),
            ("23505", Some("invoices_pkey"), Meaning::Unfit),
            ("23505", None, Meaning::Unfit),
            ("40001", None, Meaning::Busy),
            ("40P01", None, Meaning::Busy),
            ("55P03", None, Meaning::Busy),
            ("57P01", None, Meaning::Closed),
            ("57P03", None, Meaning::Closed),
            ("08006", None, Meaning::Cut),
            ("08P01", None, Meaning::Cut),
            ("26000", None, Meaning::Stale),
            ("53300", None, Meaning::Exhausted),
            ("53200", None, Meaning::Exhausted),
            ("53100", None, Meaning::Full),
            ("25006", None, Meaning::ReadOnly),
            ("42501", None, Meaning::Forbidden),
            ("42P01", None, Meaning::NoTables),
            ("3F000", None, Meaning::NoTables),
            ("28P01", None, Meaning::NotAllowedIn),
            ("28000", None, Meaning::NotAllowedIn),
            ("25001", None, Meaning::WrongSession),
            ("22P02", None, Meaning::Unfit),
            ("54000", None, Meaning::Unfit),
            ("42601", None, Meaning::Other),
        ] {
            assert_eq!(meaning_of(code, constraint), expected, "{code}");
        }
    }

    #[test]
    fn without_an_answer_a_commit_may_have_happened_unless_it_was_not_sent() {
        let cut = |kind: io::ErrorKind| sqlx::Error::Io(kind.into());
        let outcome = |kind| explain_commit("store", "append", cut(kind));
        for kind in [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset] {
            assert!(matches!(outcome(kind), StoreError::OutcomeUnknown { .. }));
        }
        assert!(matches!(
            outcome(io::ErrorKind::BrokenPipe),
            StoreError::Unavailable { .. }
        ));
    }
}
