//! A transaction over any number of streams, and the caller's own tables.

use std::fmt;

use async_trait::async_trait;
use rehydrate_port::{
    AfterCommit, Appended, Batch, ConsumerTransaction, Expected, Identity, StoreError, StreamId,
    StreamQuery, StreamRead, Transaction,
};
use sqlx::{PgConnection, Postgres};
use sqlx_core::transaction::TransactionManager as _;
use tracing::Instrument as _;

use super::PostgresStore;
use super::append::{Append, Race, is_refusal};
use super::consumers::PostgresSession;
use super::error::{explain, explain_commit, explain_write};
use super::read::read_stream;
use super::session::{Control, begin};
use crate::dialect::consumers::consumer_transaction;
use crate::dialect::pool::Pooled;

/// Appends, and statements of the caller's own, that are committed together or not at all.
///
/// Others write at the same time, but nobody reads the log past this transaction's first append
/// until it is over, so it should be short. Its statements see what was committed before each of
/// them (READ COMMITTED). Dropping it without a commit rolls it back.
///
/// ```no_run
/// # async fn example(store: rehydrate_sqlx::PostgresStore) -> Result<(), Box<dyn std::error::Error>> {
/// let mut transaction = store.begin().await?;
/// sqlx::query("INSERT INTO invoices (number) VALUES ($1)")
///     .bind(17)
///     .execute(transaction.connection())
///     .await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
pub struct PostgresTransaction {
    open: Open,
    actions: Vec<AfterCommit>,
    is_broken: bool,
    /// Whether the caller may have made an error of which only the server knows.
    is_doubtful: bool,
    has_appended: bool,
    identity: Identity,
    store: PostgresStore,
}

impl PostgresTransaction {
    pub(super) async fn begin(store: PostgresStore) -> Result<Self, StoreError> {
        let pool = store.pool();
        let mut connection = pool.acquire().await?;
        let mut begun = begin(&mut connection).await;
        if begun.is_err() && connection.is_reused() {
            drop(connection);
            pool.forget_idle();
            connection = pool.acquire().await?;
            begun = begin(&mut connection).await;
        }
        begun.map_err(|error| explain(store.name(), "begin a transaction", error))?;
        Ok(Self {
            open: Open {
                connection: Some(connection),
            },
            actions: Vec::new(),
            is_broken: false,
            is_doubtful: false,
            has_appended: false,
            identity: Identity::unique(),
            store,
        })
    }

    /// The connection, for the caller's own statements in this transaction.
    ///
    /// A statement that fails takes the whole transaction with it, as always on PostgreSQL, unless
    /// it was run within a savepoint. `COMMIT` and `ROLLBACK` are not for it.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.is_doubtful = true;
        self.open.connection()
    }

    /// As [`EventStore::append`](rehydrate_port::EventStore::append), seen by this transaction alone
    /// until it commits.
    ///
    /// # Errors
    /// As for [`EventStore::append`](rehydrate_port::EventStore::append). After a
    /// [`StoreError::Conflict`], [`StoreError::KeyReused`], [`StoreError::TimeReversed`] or
    /// [`StoreError::Corrupt`] the transaction goes on without this append. After any other error
    /// and after a call that was dropped before its end, it can only be rolled back.
    pub async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.check()?;
        let append = Append::new(stream, expected, batch);
        let statements = self.store.statements();
        let connection = self.open.connection();
        let name = self.store.name();
        // For a caller who drops this call before its end.
        self.is_broken = true;
        let appended = if append.is_empty() {
            append.check(connection, statements, name).await
        } else {
            self.has_appended = true;
            let answer = append.run(connection, statements, Race::Answer).await;
            answer
                .map_err(|error| explain_write(name, "append events", error))
                .flatten()
        };
        self.is_broken = appended.as_ref().is_err_and(|error| !is_refusal(error));
        appended
    }

    /// As [`EventStore::read`](rehydrate_port::EventStore::read), with the transaction's own appends.
    ///
    /// # Errors
    /// As for [`EventStore::read`](rehydrate_port::EventStore::read).
    pub async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.check()?;
        let Self { open, store, .. } = self;
        read_stream(open.connection(), store.statements(), query, store.name()).await
    }

    /// Sets something to be done once the transaction has committed, after what was set before.
    ///
    /// It may write to the store. It is not done if the transaction is rolled back.
    pub fn after_commit(&mut self, action: AfterCommit) {
        self.actions.push(action);
    }

    /// Makes everything permanent, then does what was set to be done after the commit.
    ///
    /// Dropping the future does not stop it.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`]: it may have happened. After any other error nothing has.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.check()?;
        let Self {
            mut open,
            actions,
            store,
            is_doubtful,
            has_appended,
            ..
        } = self;
        let commit = async move {
            if is_doubtful {
                // After an error that the caller has passed over, COMMIT rolls back and says Ok.
                sqlx::raw_sql("SELECT 1")
                    .execute(open.connection())
                    .await
                    .map_err(|error| explain(store.name(), "commit", error))?;
            }
            open.commit()
                .await
                .map_err(|error| explain_commit(store.name(), "commit", error))?;
            if has_appended {
                store.news().spread();
            }
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
        if let Some(connection) = self.open.connection.take() {
            roll_back(connection).await;
        }
        Ok(())
    }

    /// The connection for a call of a consumer's, after which comes `settled`.
    pub(super) fn session(&mut self) -> Result<PostgresSession<'_>, StoreError> {
        self.check()?;
        // For a caller who drops the call before its end.
        self.is_broken = true;
        Ok(PostgresSession::new(self.open.connection(), &self.store))
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

impl fmt::Debug for PostgresTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTransaction")
            .field("store", &self.store)
            .field("after_commit", &self.actions.len())
            .finish_non_exhaustive()
    }
}

/// A connection inside a transaction.
struct Open {
    /// None once it is over.
    connection: Option<Pooled<Postgres>>,
}

impl Open {
    #[expect(clippy::expect_used, reason = "whoever ends it owns it")]
    fn connection(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("BUG: a transaction that is not over")
    }

    async fn commit(&mut self) -> Result<(), sqlx::Error> {
        let Some(mut connection) = self.connection.take() else {
            return Ok(());
        };
        loop {
            Control::commit(&mut connection).await?;
            // It may have been a savepoint that the caller has left open.
            if Control::get_transaction_depth(&connection) == 0 {
                connection.give_back();
                return Ok(());
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // Otherwise the connection is closed, with the same effect.
            runtime.spawn(roll_back(connection));
        }
    }
}

/// Gives the connection back, or up.
async fn roll_back(mut connection: Pooled<Postgres>) {
    while Control::get_transaction_depth(&connection) > 0 {
        if let Err(error) = Control::rollback(&mut connection).await {
            tracing::debug!(%error, "a connection was lost before its rollback");
            return;
        }
    }
    connection.give_back();
}

consumer_transaction!(PostgresTransaction);

#[async_trait]
impl Transaction for PostgresTransaction {
    fn identity(&self) -> Identity {
        self.identity
    }

    fn store(&self) -> Identity {
        self.store.0.identity
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
