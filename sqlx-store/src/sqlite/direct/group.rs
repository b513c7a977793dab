//! Appends that are committed together.

use rehydrate_port::{Appended, StoreError};
use rusqlite::Connection;

use super::append::append;
use crate::sqlite::append::{Append, is_refusal};
use crate::sqlite::error::{Meaning, Shared, explain, explain_commit, meaning, of_rusqlite};
use crate::sqlite::statements;

/// How a group came to nothing.
pub(in crate::sqlite) enum Failed {
    /// Before its first append or with its commit, so for the same reason for all of them.
    Together(Shared, Stage),
    /// For a reason that is one append's own, or that a smaller group may not meet.
    Apart(StoreError),
}

#[derive(Clone, Copy)]
pub(in crate::sqlite) enum Stage {
    Begin,
    Commit,
}

impl Stage {
    pub(in crate::sqlite) fn explain(self, store: &str, error: Shared) -> StoreError {
        match self {
            Self::Begin => explain(store, "begin a transaction", error),
            Self::Commit => explain_commit(store, error),
        }
    }
}

/// One transaction; nothing is left of it unless this is Ok.
pub(in crate::sqlite) fn try_group<'a>(
    connection: &Connection,
    group: impl Iterator<Item = &'a Append>,
    store: &str,
) -> Result<Vec<Result<Appended, StoreError>>, Failed> {
    let begun = begin(connection);
    begun.map_err(|error| Failed::Together(of_rusqlite(error).into(), Stage::Begin))?;
    let outcome = within(connection, group, store);
    if outcome.is_err() {
        roll_back(connection);
    }
    outcome
}

fn within<'a>(
    connection: &Connection,
    group: impl Iterator<Item = &'a Append>,
    store: &str,
) -> Result<Vec<Result<Appended, StoreError>>, Failed> {
    let mut answers = Vec::new();
    for request in group {
        match append(connection, request, store) {
            Err(error) if !is_refusal(&error) => return Err(Failed::Apart(error)),
            answer => answers.push(answer),
        }
    }
    match execute(connection, statements::COMMIT) {
        Ok(()) => Ok(answers),
        Err(error) => {
            let error = of_rusqlite(error);
            Err(if meaning(&error) == Meaning::Full {
                Failed::Apart(Stage::Commit.explain(store, error.into()))
            } else {
                Failed::Together(error.into(), Stage::Commit)
            })
        }
    }
}

fn begin(connection: &Connection) -> Result<(), rusqlite::Error> {
    // Somebody may have been cut short.
    roll_back(connection);
    execute(connection, statements::BEGIN)
}

/// Leaves the connection without a transaction. SQLite may have ended it by itself, as it does when
/// the disk is full.
fn roll_back(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(error) = execute(connection, statements::ROLLBACK) {
        tracing::warn!(%error, "cannot roll back");
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
