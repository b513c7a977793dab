//! A transaction over any number of streams, and the caller's own tables.

use std::fmt;

use async_trait::async_trait;
use rehydrate_port::{
    AfterCommit, Appended, Batch, ConsumerTransaction, EventStore, Expected, Identity, StoreError,
    StreamId, StreamQuery, StreamRead, Transaction,
};
use sqlx::{Database, MySql, MySqlConnection, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;
use tracing::Instrument as _;

use super::MySqlStore;
use super::append::{Append, Failed};
use super::consumers::{MySqlSession, Within};
use super::error::{Meaning, explain, explain_commit, explain_write, meaning};
use super::read::read_stream;
use super::statements;
use crate::dialect::consumers::consumer_transaction;
use crate::dialect::pool::Pooled;

// The driver's transactions borrow their connection, but ours owns it. It has to know of them all
// the same, so that one which the caller begins inside is a savepoint.
type Control = <MySql as Database>::TransactionManager;

/// Appends, and statements of the caller's own, that are committed together or not at all.
///
/// From its first append on, nobody else appends until it ends, so it should be short, and append
/// last. Dropping it without a commit rolls it back.
///
/// Each statement sees what was committed before it (READ COMMITTED).
///
/// A swap of builds in it commits what was done before it; see [`MySqlStore`].
///
/// ```no_run
/// # async fn example(store: rehydrate_sqlx::MySqlStore) -> Result<(), Box<dyn std::error::Error>> {
/// let mut transaction = store.begin().await?;
/// sqlx::query("INSERT INTO invoices (number) VALUES (?)")
///     .bind(17)
///     .execute(transaction.connection())
///     .await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub struct MySqlTransaction {
    identity: Identity,
    connection: Pooled<MySql>,
    actions: Vec<AfterCommit>,
    is_broken: bool,
    progress: Progress,
    store: MySqlStore,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing has been done in it, so that it may as well begin again.
    Fresh,
    Used,
    /// It has the turn to swap builds, which goes with the session and not with the transaction.
    Swapping,
    /// It has been committed, and nothing has been done since.
    Swapped,
}

impl MySqlTransaction {
    pub(super) async fn begin(store: MySqlStore) -> Result<Self, StoreError> {
        let mut connection = store.server().acquire().await?;
        let mut begun = begin(&mut connection).await;
        if begun.is_err() && connection.is_reused() {
            drop(connection);
            connection = store.server().acquire_new().await?;
            begun = begin(&mut connection).await;
        }
        begun.map_err(|error| explain(store.name(), "begin a transaction", error))?;
        Ok(Self {
            identity: Identity::unique(),
            connection,
            actions: Vec::new(),
            is_broken: false,
            progress: Progress::Fresh,
            store,
        })
    }

    /// The connection, for the caller's own statements in this transaction.
    ///
    /// After a deadlock (1213) the server has ended the transaction: only roll back then. `COMMIT`
    /// and `ROLLBACK` are not for it, nor is anything that commits by itself, such as `CREATE
    /// TABLE`.
    pub fn connection(&mut self) -> &mut MySqlConnection {
        self.progress = Progress::Used;
        &mut self.connection
    }

    /// As [`EventStore::append`](rehydrate_port::EventStore::append), seen by this transaction alone
    /// until it commits.
    ///
    /// # Errors
    /// As for [`EventStore::append`](rehydrate_port::EventStore::append). After a
    /// [`StoreError::Conflict`], [`StoreError::KeyReused`], [`StoreError::TimeReversed`] or
    /// [`StoreError::Corrupt`] the transaction goes on without this append. After any other error
    /// it can only be rolled back.
    pub async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.check()?;
        let append = Append::new(stream, expected, batch)?;
        self.store
            .server()
            .check_size("append events", append.bytes())?;
        // Until the outcome is known, so that an append whose future is dropped breaks it.
        self.is_broken = true;
        self.progress = Progress::Used;
        let appended = if batch.events.is_empty() {
            append
                .compare(&mut self.connection, self.store.name())
                .await
        } else {
            self.run(&append).await
        };
        self.is_broken = appended.as_ref().is_err_and(|error| !is_refusal(error));
        appended
    }

    async fn run(&mut self, append: &Append<'_>) -> Result<Appended, StoreError> {
        let store = self.store.name();
        let connection = &mut *self.connection;
        let failed = |error| explain_write(store, "append events", error);
        append.bind(connection).await.map_err(failed)?;
        let script = &statements::APPEND_IN_TRANSACTION;
        match append.run(connection, script, store).await {
            Ok(outcome) => outcome,
            Err(Failed { error, .. }) if meaning(&error) == Meaning::Taken => {
                sqlx::raw_sql(statements::ROLL_BACK_TO_SAVEPOINT)
                    .execute(&mut *connection)
                    .await
                    .map_err(failed)?;
                append.taken(connection, error, store).await
            }
            Err(Failed { error, .. }) => Err(failed(error)),
        }
    }

    /// As [`EventStore::read`](rehydrate_port::EventStore::read), with the transaction's own appends.
    ///
    /// # Errors
    /// As for [`EventStore::read`](rehydrate_port::EventStore::read).
    pub async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.check()?;
        read_stream(&mut *self.connection, query, self.store.name()).await
    }

    /// Sets something to be done once the transaction has committed, after what was set before.
    ///
    /// It may write to the store. It is not done if the transaction is rolled back.
    pub fn after_commit(&mut self, action: AfterCommit) {
        self.actions.push(action);
    }

    /// Makes everything permanent, then does what was set to be done after the commit.
    ///
    /// Once begun it goes on to its end, even if the caller gives up waiting.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`]: it may have happened. After any other error nothing has.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.check()?;
        let Self {
            connection,
            actions,
            progress,
            store,
            ..
        } = self;
        let commit = async move {
            // Gives the connection back before the actions, which may want it.
            if progress == Progress::Swapped {
                end(connection).await;
            } else {
                commit(connection, store.name()).await?;
            }
            store.announce();
            for action in actions {
                action.await;
            }
            Ok(())
        };
        match tokio::spawn(commit.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(StoreError::OutcomeUnknown {
                    source: error.into(),
                }),
            },
        }
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// None so far: where the rollback fails, the connection is closed, with the same effect.
    pub async fn rollback(self) -> Result<(), StoreError> {
        if self.progress == Progress::Swapping {
            // What the session keeps goes with the connection.
            return Ok(());
        }
        end(self.connection).await;
        Ok(())
    }

    /// The connection for a call of a consumer's, after which comes `settled`.
    pub(super) fn session(&mut self) -> Result<MySqlSession<'_>, StoreError> {
        self.check()?;
        // For a caller who drops the call before its end.
        self.is_broken = true;
        let within = Within::Transaction(&mut self.progress);
        Ok(MySqlSession::new(&mut self.connection, &self.store, within))
    }

    /// The outcome of a call that has come to its end.
    pub(super) fn settled<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.is_broken = outcome.is_err();
        outcome
    }

    /// Refuses to go on in a transaction that is not there any more.
    fn check(&self) -> Result<(), StoreError> {
        if self.is_broken {
            Err(StoreError::Backend {
                action: "go on with a transaction after an error in it",
                source: "it can only be rolled back".into(),
            })
        } else {
            Ok(())
        }
    }
}

async fn begin(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    Control::begin(connection, Some(statements::BEGIN.text().into_sql_str())).await
}

async fn commit(mut connection: Pooled<MySql>, store: &str) -> Result<(), StoreError> {
    sqlx::raw_sql(statements::COMMIT.text())
        .execute(&mut *connection)
        .await
        .map_err(|error| explain_commit(store, error))?;
    end(connection).await;
    Ok(())
}

/// Keeps the connection, if the driver can be brought to see that it has no transaction.
async fn end(mut connection: Pooled<MySql>) {
    while Control::get_transaction_depth(&connection) > 0 {
        if Control::rollback(&mut connection).await.is_err() {
            return;
        }
    }
    connection.give_back();
}

/// Whether an append that failed like this has left its transaction as it was.
fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::KeyReused { .. }
            | StoreError::TimeReversed { .. }
            | StoreError::Corrupt { .. }
    )
}

impl fmt::Debug for MySqlTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlTransaction")
            .field("store", &self.store)
            .field("after_commit", &self.actions.len())
            .finish_non_exhaustive()
    }
}

consumer_transaction!(MySqlTransaction);

#[async_trait]
impl Transaction for MySqlTransaction {
    fn identity(&self) -> Identity {
        self.identity
    }

    fn store(&self) -> Identity {
        EventStore::identity(&self.store)
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.append(stream, expected, batch).await
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.read(query).await
    }

    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        Some(self)
    }

    fn after_commit(&mut self, action: AfterCommit) {
        self.after_commit(action);
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        (*self).commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        (*self).rollback().await
    }
}
