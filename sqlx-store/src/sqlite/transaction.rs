//! A transaction over any number of streams, and the caller's own tables.

use std::fmt;

use async_trait::async_trait;
use rehydrate_port::{
    AfterCommit, Appended, Batch, ConsumerTransaction, EventStore, Expected, Identity, StoreError,
    StreamId, StreamQuery, StreamRead, Transaction,
};
use sqlx::SqliteConnection;
use tokio::sync::OwnedMutexGuard;
use tracing::Instrument as _;

use super::SqliteStore;
use super::append::{Append, is_refusal};
use super::connection::WriterConnection;
use super::consumers::SqliteSession;
use super::error::{explain, explain_commit};
use super::read::read_stream;
use crate::dialect::consumers::consumer_transaction;

/// Appends, and statements of the caller's own, that are committed together or not at all.
///
/// Nobody else writes while it is open, so it should be short. Dropping it without a commit rolls
/// it back.
///
/// ```
/// # use rehydrate_sqlx::SqliteStore;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = SqliteStore::in_memory().await?;
/// let mut transaction = store.begin().await?;
/// sqlx::query("CREATE TABLE invoices (number INTEGER PRIMARY KEY)")
///     .execute(transaction.connection())
///     .await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub struct SqliteTransaction {
    identity: Identity,
    open: Open,
    actions: Vec<AfterCommit>,
    is_broken: bool,
    store: SqliteStore,
}

impl SqliteTransaction {
    pub(super) async fn begin(
        store: SqliteStore,
        mut connection: OwnedMutexGuard<WriterConnection>,
    ) -> Result<Self, StoreError> {
        connection
            .begin()
            .await
            .map_err(|error| explain(store.name(), "begin a transaction", error))?;
        Ok(Self {
            identity: Identity::unique(),
            open: Open {
                connection,
                is_over: false,
            },
            actions: Vec::new(),
            is_broken: false,
            store,
        })
    }

    /// The connection, for the caller's own statements in this transaction.
    ///
    /// A statement that fails because the disk is full, or because of an error of the disk, may
    /// have ended the transaction: only roll back then. `COMMIT` and `ROLLBACK` are not for it.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        self.open.connection.sql()
    }

    /// As [`EventStore::append`](rehydrate_port::EventStore::append), seen by this transaction alone
    /// until it commits.
    ///
    /// # Errors
    /// As for [`EventStore::append`](rehydrate_port::EventStore::append). After a
    /// [`StoreError::Conflict`], [`StoreError::KeyReused`], [`StoreError::TimeReversed`] or
    /// [`StoreError::Corrupt`] the transaction goes on without this append. After any other error
    /// it can only be rolled back, and so it is after a call that was dropped before its end.
    pub async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.check()?;
        let append = Append::new(stream, expected, batch);
        // If the caller gives up in the middle, there may be events without their command.
        self.is_broken = true;
        let connection = self.open.connection.sql();
        let appended = append.run(connection, self.store.name()).await;
        self.is_broken = appended.as_ref().is_err_and(|error| !is_refusal(error));
        appended
    }

    /// As [`EventStore::read`](rehydrate_port::EventStore::read), with the transaction's own appends.
    ///
    /// # Errors
    /// As for [`EventStore::read`](rehydrate_port::EventStore::read).
    pub async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.check()?;
        read_stream(self.open.connection.sql(), query, self.store.name()).await
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
            mut open,
            actions,
            store,
            ..
        } = self;
        let commit = async move {
            open.commit(store.name()).await?;
            store.writer()?.tell_news();
            // Gives the right to write back before the actions, which may want it.
            drop(open);
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
    /// None so far: where the rollback fails, the connection is given up, with the same effect.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        self.open.connection.roll_back().await;
        self.open.is_over = true;
        Ok(())
    }

    /// The connection for a call of a consumer's, after which comes `settled`.
    pub(super) fn session(&mut self) -> Result<SqliteSession<'_>, StoreError> {
        self.check()?;
        // If the caller gives up in the middle, half of it may have been done.
        self.is_broken = true;
        let connection = self.open.connection.sql();
        Ok(SqliteSession::new(connection, self.store.name()))
    }

    /// The outcome of a call that has come to its end.
    pub(super) fn settled<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.is_broken = outcome.is_err();
        outcome
    }

    /// Refuses to go on in a transaction that is not there any more.
    fn check(&self) -> Result<(), StoreError> {
        if self.is_broken || self.open.connection.has_lost_its_transaction() {
            Err(StoreError::Backend {
                action: "go on with a transaction after an error in it",
                source: "it can only be rolled back".into(),
            })
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for SqliteTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTransaction")
            .field("store", &self.store)
            .field("after_commit", &self.actions.len())
            .finish_non_exhaustive()
    }
}

/// The right to write, inside a transaction until it is over.
struct Open {
    connection: OwnedMutexGuard<WriterConnection>,
    is_over: bool,
}

impl Open {
    async fn commit(&mut self, store: &str) -> Result<(), StoreError> {
        let committed = self.connection.commit().await;
        if committed.is_err() {
            self.connection.roll_back().await;
        }
        self.is_over = true;
        committed.map_err(|error| explain_commit(store, error))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.start_roll_back();
        }
    }
}

consumer_transaction!(SqliteTransaction);

#[async_trait]
impl Transaction for SqliteTransaction {
    fn identity(&self) -> Identity {
        self.identity
    }

    fn store(&self) -> Identity {
        self.store.identity()
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
