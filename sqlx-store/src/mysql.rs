//! The store on a MySQL or MariaDB server.

mod append;
mod diagnose;
mod dialect;
mod error;
mod import;
mod log;
mod migrate;
mod options;
mod read;
mod server;
mod statements;
mod transaction;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rehydrate::{
    Appended, Batch, Diagnosis, EventStore, Expected, Identity, LogPage, LogQuery, Page, Position, Snapshot,
    StoreError, StreamId, StreamQuery, StreamRead, Transaction,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::append::Append;
use self::error::explain_write;
use self::server::{Server, is_lost};
use crate::dialect::rows;
use crate::dialect::usage::Usage;

pub use self::options::MySqlOptions;
pub use self::transaction::MySqlTransaction;

/// How often to look for what another process has appended.
const POLL: Duration = Duration::from_millis(500);

/// A log on a MySQL or MariaDB server. Cheap to clone; the clones are one store.
#[derive(Clone)]
pub struct MySqlStore(Arc<Inner>);

struct Inner {
    identity: Identity,
    server: Server,
    usage: Usage,
    news: Notify,
}

/// Asks on a connection, and once more on a new one if that had been cut while nobody used it.
macro_rules! ask {
    ($store:expr, $connection:ident => $question:expr) => {{
        let mut $connection = $store.server().acquire().await?;
        let mut answer = $question.await;
        if $connection.is_reused() && is_lost(&answer) {
            drop($connection);
            $connection = $store.server().acquire_new().await?;
            answer = $question.await;
        }
        if !is_lost(&answer) {
            $connection.give_back();
        }
        answer
    }};
}

impl MySqlStore {
    /// Opens the store, and sees that its tables are those of this program. It creates nothing.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: run [`MySqlStore::migrate`], or the newer program.
    /// [`StoreError::CannotOpen`]: the database is missing, or this account may not use it; the
    /// reason says what to do. [`StoreError::Unavailable`]: try again.
    pub async fn connect(options: MySqlOptions) -> Result<Self, StoreError> {
        options.check()?;
        let server = Server::new(&options);
        let mut connection = server.acquire().await?;
        migrate::check(&mut connection, server.name()).await?;
        server.learn_limits(&mut connection).await?;
        connection.give_back();
        Ok(Self(Arc::new(Inner {
            identity: Identity::unique(),
            server,
            usage: Usage::default(),
            news: Notify::new(),
        })))
    }

    /// Creates the tables, or brings them up to date. Changes nothing if they are.
    ///
    /// Any number of programs may do so at once. The account needs the rights of an owner of the
    /// database: to create tables and triggers.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: the tables are a newer program's. Otherwise as for
    /// [`MySqlStore::connect`].
    pub async fn migrate(options: &MySqlOptions) -> Result<(), StoreError> {
        migrate::migrate(options).await
    }

    /// The SQL that is missing for the tables to be those of this program, for somebody to read and
    /// to run; empty if nothing is. Changes nothing.
    ///
    /// # Errors
    /// As for [`MySqlStore::migrate`].
    pub async fn verify(options: &MySqlOptions) -> Result<String, StoreError> {
        migrate::missing_sql(options).await
    }

    /// Begins a transaction over any number of streams, and the caller's own tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: try again.
    pub async fn begin(&self) -> Result<MySqlTransaction, StoreError> {
        MySqlTransaction::begin(self.clone()).await
    }

    fn server(&self) -> &Server {
        &self.0.server
    }

    fn name(&self) -> &str {
        self.server().name()
    }

    /// Wakes those of this process who wait for something new.
    fn announce(&self) {
        self.0.news.notify_waiters();
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MySqlStore").field(&self.name()).finish()
    }
}

#[async_trait]
impl EventStore for MySqlStore {
    fn identity(&self) -> Identity {
        self.0.identity
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        if batch.events.is_empty() {
            let append = Append::new(stream, expected, batch)?;
            return ask!(self, connection => append.compare(&mut connection, self.name()));
        }
        let appended = writer::append(self.server(), stream, expected, batch).await?;
        self.announce();
        Ok(appended)
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let connection = self.server().acquire().await?;
        let is_reused = connection.is_reused();
        let mut read = read::read_stream(connection, query, self.name()).await;
        if is_reused && is_lost(&read) {
            let connection = self.server().acquire_new().await?;
            read = read::read_stream(connection, query, self.name()).await;
        }
        let read = read?;
        self.0.usage.count(query, &read);
        Ok(read)
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut connection = self.server().acquire().await?;
        let mut answer = log::read_log(&mut connection, query, self.name()).await;
        if connection.is_reused() && is_lost(&answer) {
            drop(connection);
            connection = self.server().acquire_new().await?;
            answer = log::read_log(&mut connection, query, self.name()).await;
        }
        let (page, is_whole) = answer?;
        if is_whole {
            connection.give_back();
        }
        Ok(page)
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        ask!(self, connection => log::watermark(&mut connection, self.name()))
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        ask!(self, connection => {
            log::list_streams(&mut connection, category, after, limit, self.name())
        })
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        ask!(self, connection => async {
            sqlx::query(statements::WRITE_SNAPSHOT)
                .bind(stream.category().as_bytes())
                .bind(stream.id().as_bytes())
                .bind(rows::clamp(snapshot.version.get()))
                .bind(rows::clamp(snapshot.position.get()))
                .bind(snapshot.recorded_at.timestamp_micros())
                .bind(snapshot.fingerprint.0.cast_signed())
                .bind(snapshot.state.as_str())
                .execute(&mut *connection)
                .await
                .map(|_| ())
                .map_err(|error| explain_write(self.name(), "write a snapshot", error))
        })
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        import::import(self, page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        // Too far away for a clock is as good as never.
        let deadline = Instant::now() + at_most.min(Duration::from_secs(1 << 30));
        loop {
            // Before the question, so that nothing comes in between unheard.
            let news = self.0.news.notified();
            if self.watermark().await? > position || Instant::now() >= deadline {
                return Ok(());
            }
            // Whether it was woken or not, it asks again.
            let _ = tokio::time::timeout_at(deadline.min(Instant::now() + POLL), news).await;
        }
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let mut diagnosis = ask!(self, connection => {
            diagnose::diagnose(&mut connection, self.name())
        })?;
        diagnosis.snapshots = self.0.usage.snapshots();
        Ok(diagnosis)
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin().await?))
    }
}
