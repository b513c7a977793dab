//! Calls that are done whole on one thread, by way of rusqlite.
//!
//! sqlx hands row after row from SQLite's thread to ours, with a copy of each value, and statement
//! after statement to it. Pages of events and groups of appends are many of those; here each is one
//! visit to a thread that may wait, or none at all: events that are in memory are read and written by
//! the hundred in the time that it takes to wake a thread. What shares a transaction with the
//! caller's own statements has to go by the connection that the caller has, which is sqlx's.

mod ahead;
mod append;
mod group;
mod read;
mod rows;

use std::path::PathBuf;
use std::time::Duration;

use rehydrate_port::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::task::JoinError;

use super::error::of_rusqlite;

pub(super) use self::group::{Failed, Stage, try_group};
pub(super) use self::read::{read_log, read_stream, watermark};

/// More than there are different statements.
const STATEMENTS: usize = 32;

/// How to open a connection.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) file: PathBuf,
    pub(super) is_read_only: bool,
    /// Names and values, in the order in which they are set.
    pub(super) pragmas: Vec<(String, String)>,
    pub(super) patience: Duration,
}

impl Opening {
    pub(super) fn open(&self) -> Result<Connection, sqlx::Error> {
        self.connect().map_err(of_rusqlite)
    }

    fn connect(&self) -> Result<Connection, rusqlite::Error> {
        let access = if self.is_read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.patience)?;
        // After an ANALYZE, SQLite would otherwise compile a statement anew for each stream.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        for (name, value) in &self.pragmas {
            connection.execute_batch(&format!("PRAGMA {name} = {value}"))?;
        }
        Ok(connection)
    }
}

/// What came of a call on another thread.
pub(super) async fn outcome_of<T>(
    call: impl Future<Output = Result<Result<T, StoreError>, JoinError>>,
) -> Result<T, StoreError> {
    match call.await {
        Ok(outcome) => outcome,
        Err(gone) => match gone.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(gone) => Err(StoreError::Unavailable {
                reason: "the runtime is being shut down".to_owned(),
                source: Some(gone.into()),
            }),
        },
    }
}
