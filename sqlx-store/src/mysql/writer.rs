//! Appends that commit by themselves, and what is tried again.

use rehydrate_port::{Appended, Batch, Expected, StoreError, StreamId};
use sqlx::MySql;

use super::append::{Append, Failed};
use super::error::{Meaning, explain_commit, explain_write, is_answer, meaning};
use super::server::{Server, is_lost};
use super::statements;
use crate::dialect::pool::Pooled;

/// How often an append is run, if others were in its way each time.
const ATTEMPTS: usize = 3;

/// What has come of one attempt.
enum Attempt {
    Done(Result<Appended, StoreError>),
    InTheWay(StoreError),
}

pub(super) async fn append(
    server: &Server,
    stream: &StreamId,
    expected: Expected,
    batch: &Batch,
) -> Result<Appended, StoreError> {
    let append = Append::new(stream, expected, batch)?;
    server.check_size("append events", append.bytes())?;
    let mut attempts = 1;
    loop {
        match attempt(server, &append).await? {
            Attempt::Done(outcome) => return outcome,
            Attempt::InTheWay(error) if attempts == ATTEMPTS => return Err(error),
            Attempt::InTheWay(error) => {
                tracing::debug!(%error, attempts, "trying an append again");
                attempts += 1;
            }
        }
    }
}

async fn attempt(server: &Server, append: &Append<'_>) -> Result<Attempt, StoreError> {
    let mut connection = bound(server, append).await?;
    let store = server.name();
    match append
        .run(&mut connection, &statements::APPEND, store)
        .await
    {
        Ok(outcome) => {
            if !is_lost(&outcome) {
                connection.give_back();
            }
            Ok(Attempt::Done(outcome))
        }
        Err(failed) => undo(connection, append, failed, store).await,
    }
}

/// A connection to whose session the append was handed. Nothing has happened yet, so a connection
/// that had been cut while nobody used it is of no consequence.
async fn bound(server: &Server, append: &Append<'_>) -> Result<Pooled<MySql>, StoreError> {
    let mut connection = server.acquire().await?;
    let mut bound = append.bind(&mut connection).await;
    if connection.is_reused()
        && let Err(error) = &bound
        && meaning(error) == Meaning::Unavailable
    {
        drop(connection);
        connection = server.acquire_new().await?;
        bound = append.bind(&mut connection).await;
    }
    match bound {
        Ok(()) => Ok(connection),
        Err(error) => {
            if is_answer(&error) {
                connection.give_back();
            }
            Err(explain_write(server.name(), "append events", error))
        }
    }
}

/// Ends the transaction in which the script has stopped.
async fn undo(
    mut connection: Pooled<MySql>,
    append: &Append<'_>,
    failed: Failed,
    store: &str,
) -> Result<Attempt, StoreError> {
    let Failed { error, at_last } = failed;
    if !is_answer(&error) {
        // Nobody knows how far the server has come: to the end, perhaps.
        return Err(StoreError::OutcomeUnknown {
            source: error.into(),
        });
    }
    let meaning = meaning(&error);
    if at_last && meaning != Meaning::Deadlock {
        return Err(explain_commit(store, error));
    }
    let rolled_back = sqlx::raw_sql(statements::ROLL_BACK)
        .execute(&mut *connection)
        .await;
    if rolled_back.is_err() {
        // The server takes it back by itself when the connection is closed.
        return Err(explain_write(store, "append events", error));
    }
    let attempt = match meaning {
        Meaning::Deadlock | Meaning::Locked => {
            Attempt::InTheWay(explain_write(store, "append events", error))
        }
        Meaning::Taken => Attempt::Done(append.taken(&mut connection, error, store).await),
        _ => Attempt::Done(Err(explain_write(store, "append events", error))),
    };
    connection.give_back();
    Ok(attempt)
}
