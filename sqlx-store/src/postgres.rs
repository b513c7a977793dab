//! The store in a PostgreSQL database.

mod append;
mod attempt;
mod backlog;
mod consumers;
mod diagnose;
mod error;
mod gathering;
mod group;
mod import;
mod log;
mod migrate;
mod news;
mod open;
mod options;
mod read;
mod rows;
mod session;
mod statements;
mod tables;
mod transaction;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Appended, Batch, CensusEntry, ConsumerStore, Diagnosis, EventStore, Expected, Identity,
    LogPage, LogQuery, Page, Position, Snapshot, StoreError, StreamId, StreamQuery, StreamRead,
    Transaction,
};
use sqlx::Postgres;
use tokio::time::{Instant, timeout_at};

use self::append::Append;
use self::attempt::Attempts;
use self::backlog::Backlog;
use self::error::is_of_the_connection;
use self::gathering::Gathering;
use self::news::News;
use self::session::Session;
use self::statements::Statements;
use crate::dialect::pace::Pace;
use crate::dialect::pool::Pool;
use crate::dialect::rows::clamp;
use crate::dialect::usage::Usage;

pub use self::options::PostgresOptions;
pub use self::transaction::PostgresTransaction;

/// How often somebody who waits asks whether an append under way has come to its end: if it is
/// rolled back, nobody tells.
const HELD: Duration = Duration::from_millis(50);

/// A call that writes nothing, so that it can be sent again when its connection was lost.
macro_rules! reading {
    ($store:expr, |$connection:ident| $call:expr) => {{
        let mut attempts = $store.attempts("read");
        loop {
            let mut session = $store.session().await?;
            let $connection = session.sql();
            let outcome = $call.await;
            if let Some(outcome) = attempts.read(session, outcome).await {
                break outcome;
            }
        }
    }};
}

/// A log in a PostgreSQL database, version 15 or newer. Cheap to clone; the clones are one store.
///
/// An append is one round trip, unless it is refused, and so is a load. When many callers append, one
/// statement writes the events of several; each has an answer of its own. The tables are made by
/// [`migrate`](Self::migrate) and never by the way. Their names begin with `rehydrate_`, and they can have a schema of their
/// own, so the application may keep its tables in the same database.
///
/// Reading the log is exact: an append that commits late is never passed over, and the log waits for
/// no other transaction than appends. That needs the primary, since a replica does not know what is
/// under way, and `synchronous_commit` as it is unless set otherwise, so that a position that was
/// seen is not given out again after the server's machine has crashed.
///
/// ```no_run
/// # use rehydrate_sqlx::{PostgresOptions, PostgresStore};
/// # async fn example() -> Result<(), rehydrate::StoreError> {
/// let options = PostgresOptions::from_url("postgres://app@localhost/payments?schema=ledger")?;
/// PostgresStore::migrate(&options).await?;
/// let store = PostgresStore::connect(options).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Roles
/// The role that migrates owns the tables. Others need what this gives them: a reader reads
/// everything, an appender also appends and keeps snapshots, and neither can change what was
/// written. To import a log is for the owner.
///
/// ```sql
#[doc = include_str!("../migrations/postgres/roles.sql")]
/// ```
///
/// # Poolers
/// PgBouncer with `pool_mode = session` needs nothing, but at least as many connections to the server
/// as its clients have [to it](PostgresOptions::max_connections). With `pool_mode = transaction`, use version
/// 1.21 or newer with `max_prepared_statements`, or
/// [`transaction_pooling`](PostgresOptions::transaction_pooling).
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    identity: Identity,
    name: Arc<str>,
    schema: String,
    table: i64,
    pool: Pool<Postgres>,
    statements: Statements,
    is_pooled_by_transaction: bool,
    news: News,
    usage: Usage,
    gathering: Gathering,
    backlog: Backlog,
    pace: Pace,
}

use reading;

impl PostgresStore {
    /// Opens a store whose tables are there and up to date. It changes nothing.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: call [`migrate`](Self::migrate), or run what
    /// [`verify`](Self::verify) prints. [`StoreError::CannotOpen`]: the server does not let this user
    /// in, there is no such database, or the options are wrong; the reason says which.
    /// [`StoreError::Unavailable`]: try again.
    pub async fn connect(options: PostgresOptions) -> Result<Self, StoreError> {
        let inner = open::open(&options).await?;
        Ok(Self(Arc::new(inner)))
    }

    /// Creates the tables, and the schema if there is none of that name, or brings them up to date.
    /// Changes nothing if they are.
    ///
    /// Programs that migrate at the same time take turns.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: this role may not create tables, or as for
    /// [`connect`](Self::connect). [`StoreError::SchemaMismatch`]: the tables are a newer program's.
    pub async fn migrate(options: &PostgresOptions) -> Result<(), StoreError> {
        open::migrate(options).await
    }

    /// The SQL that [`migrate`](Self::migrate) would run, for somebody who may run it; empty if the
    /// tables are up to date.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), but missing tables are not an error.
    pub async fn verify(options: &PostgresOptions) -> Result<String, StoreError> {
        open::verify(options).await
    }

    /// Begins a transaction over any number of streams, and the caller's own tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: all connections are taken, or the server cannot be reached; try
    /// again.
    pub async fn begin(&self) -> Result<PostgresTransaction, StoreError> {
        PostgresTransaction::begin(self.clone()).await
    }

    fn name(&self) -> &str {
        &self.0.name
    }

    fn schema(&self) -> &str {
        &self.0.schema
    }

    fn pool(&self) -> &Pool<Postgres> {
        &self.0.pool
    }

    fn statements(&self) -> &Statements {
        &self.0.statements
    }

    fn news(&self) -> &News {
        &self.0.news
    }

    async fn session(&self) -> Result<Session, StoreError> {
        let is_transaction = self.0.is_pooled_by_transaction;
        Session::open(self.pool(), is_transaction, self.name()).await
    }

    fn attempts(&self, action: &'static str) -> Attempts<'_> {
        Attempts::new(self.pool(), self.name(), action)
    }

    async fn append_now(&self, append: &Append<'_>) -> Result<Appended, StoreError> {
        let mut attempts = self.attempts("append events");
        attempts = attempts.repeatable(append.can_be_repeated());
        let appended = loop {
            let mut session = self.session().await?;
            let race = attempts.race();
            let answer = append.run(session.sql(), self.statements(), race).await;
            if let Some(answer) = attempts.write(session, answer).await {
                break answer.flatten()?;
            }
        };
        self.news().spread();
        Ok(appended)
    }

    async fn progress(&self) -> Result<log::Progress, StoreError> {
        let progress: Result<log::Progress, StoreError> = reading!(self, |connection| {
            log::progress(connection, self.statements(), self.name())
        });
        let progress = progress?;
        self.statements().see(progress.head);
        Ok(progress)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.0.name).finish()
    }
}

#[async_trait]
impl EventStore for PostgresStore {
    fn identity(&self) -> Identity {
        self.0.identity
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        let append = Append::new(stream, expected, batch);
        if append.is_empty() {
            return reading!(self, |connection| {
                append.check(connection, self.statements(), self.name())
            });
        }
        match append.single() {
            Some(single) => gathering::append_or_join(self, &append, single).await,
            None => self.append_now(&append).await,
        }
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let session = self.session().await?;
        let is_reused = session.is_reused();
        let mut read = read::read_stream(session, self.statements(), query, self.name()).await;
        if is_reused && read.as_ref().is_err_and(is_of_the_connection) {
            self.pool().forget_idle();
            let session = self.session().await?;
            read = read::read_stream(session, self.statements(), query, self.name()).await;
        }
        let read = read?;
        self.0.usage.count(query, &read);
        Ok(read)
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let page: Result<LogPage, StoreError> = reading!(self, |connection| {
            log::read_log(
                connection,
                self.statements(),
                query,
                &self.0.backlog,
                self.name(),
            )
        });
        let page = page?;
        self.0.pace.see(page.watermark);
        self.statements().see(page.watermark);
        Ok(page)
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        Ok(self.progress().await?.watermark)
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let (statements, name) = (self.statements(), self.name());
        reading!(self, |connection| {
            log::list_streams(connection, statements, category, after, limit, name)
        })
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        reading!(self, |connection| {
            log::census(connection, self.statements(), self.name())
        })
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        let mut attempts = self.attempts("write a snapshot");
        loop {
            let mut session = self.session().await?;
            let written = self
                .statements()
                .write_snapshot()
                .bind(stream.category())
                .bind(stream.id())
                .bind(clamp(snapshot.version.get()))
                .bind(clamp(snapshot.position.get()))
                .bind(snapshot.recorded_at)
                .bind(snapshot.fingerprint.0.cast_signed())
                .bind(snapshot.state.as_str())
                .execute(session.sql())
                .await;
            if let Some(written) = attempts.write(session, written).await {
                return written.map(drop);
            }
        }
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        if page.is_empty() {
            return Ok(());
        }
        let mut attempts = self.attempts("import events").repeatable(false);
        loop {
            let mut session = self.session().await?;
            let imported = import::import(session.sql(), self.statements(), page).await;
            if let Some(imported) = attempts.write(session, imported).await {
                imported.flatten()?;
                break;
            }
        }
        self.news().spread();
        Ok(())
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        // Too far away for a clock is as good as never.
        let deadline = Instant::now() + at_most.min(Duration::from_secs(1 << 30));
        if self.0.pace.gathered(position, at_most).await {
            return Ok(());
        }
        loop {
            let news = self.news().next();
            let progress = self.progress().await?;
            if progress.watermark > position || Instant::now() >= deadline {
                return Ok(());
            }
            let until = if progress.is_held {
                deadline.min(Instant::now() + HELD)
            } else {
                deadline
            };
            let _ = timeout_at(until, news).await;
        }
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let place = (self.0.schema.as_str(), self.0.table);
        let looked: Result<Diagnosis, StoreError> = reading!(self, |connection| {
            diagnose::diagnose(connection, self.statements(), place, self.name())
        });
        let mut diagnosis = looked?;
        diagnosis.snapshots = self.0.usage.snapshots();
        Ok(diagnosis)
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin().await?))
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        Some(self)
    }
}
