//! The store in a SQLite file.

mod append;
mod checkpoints;
mod connection;
mod consumers;
mod diagnose;
mod direct;
mod error;
mod import;
mod log;
mod migrate;
mod open;
mod options;
mod read;
mod readers;
mod rows;
mod statements;
mod tables;
mod transaction;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Appended, Batch, CensusEntry, ConsumerStore, Diagnosis, EventStore, Expected, Identity,
    LogPage, LogQuery, Page, Position, Snapshot, StoreError, StreamId, StreamQuery, StreamRead,
    Transaction,
};

use self::append::Append;
use self::error::explain;
use self::open::Folder;
use self::readers::Readers;
use self::writer::Writer;
use crate::dialect::pace::Pace;
use crate::dialect::rows::clamp;
use crate::dialect::usage::Usage;

pub use self::options::{SqliteOptions, Synchronous};
pub use self::transaction::SqliteTransaction;

/// How often somebody who waits looks at what other processes have written.
const FLOOR: Duration = Duration::from_millis(100);

/// A log in a SQLite file. Cheap to clone; the clones are one store.
///
/// Appends that come at the same time share a commit. A store in a file promises what
/// [`EventStore`] says, and that what was acknowledged survives the loss of power, unless
/// [`Synchronous::Normal`] says otherwise. The application may keep tables of its own in the file;
/// the store's begin with `rehydrate_`. Several processes may have the file open.
///
/// ```no_run
/// # use rehydrate_sqlx::SqliteStore;
/// # async fn example() -> Result<(), rehydrate::StoreError> {
/// let store = SqliteStore::open("payments.db").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    identity: Identity,
    name: Arc<str>,
    readers: Arc<Readers>,
    writer: Option<Arc<Writer>>,
    usage: Usage,
    pace: Pace,
    /// Goes after the connections to the file in it.
    _folder: Option<Folder>,
}

/// What a store has written since it was opened; see [`SqliteStore::stats`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteStats {
    /// Successful appends, without those of transactions.
    pub appends: u64,
    /// The commits that they shared.
    pub commits: u64,
}

impl SqliteStore {
    /// Opens a store, creates the file if it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// As for [`SqliteStore::connect`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::connect(SqliteOptions::new(path)).await
    }

    /// Opens an empty store that is gone with its last clone, for tests.
    ///
    /// It keeps the same promises, so that a test says something about the store in use. SQLite's
    /// own databases in memory do not: nobody can read them while somebody writes. So this one
    /// is a file in a private folder, in the system's place for temporary files, and never waits
    /// for the disk. A process that is killed leaves the folder behind.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: there is no place for temporary files.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::connect(SqliteOptions::new(":memory:")).await
    }

    /// Opens a store with options.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`]: the file is missing, is not a SQLite database, or may not be
    /// used; the reason says what to do. [`StoreError::ReadOnly`]: the file may be read only; say
    /// so with [`SqliteOptions::read_only`]. [`StoreError::SchemaMismatch`]: follow its advice.
    /// [`StoreError::Unavailable`]: try again.
    pub async fn connect(options: SqliteOptions) -> Result<Self, StoreError> {
        let inner = open::open(&options).await?;
        Ok(Self(Arc::new(inner)))
    }

    /// Brings the tables up to date, which opening a store has done already. Changes nothing if
    /// they are.
    ///
    /// # Errors
    /// [`StoreError::SchemaMismatch`]: the file is a newer program's. Otherwise as for an append.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.writer()?.lock().await?;
        migrate::migrate(&mut connection, self.name()).await
    }

    /// Begins a transaction over any number of streams, and the caller's own tables.
    ///
    /// It waits until nobody else writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: somebody else has not stopped writing within the
    /// [busy timeout](SqliteOptions::busy_timeout); try again.
    pub async fn begin(&self) -> Result<SqliteTransaction, StoreError> {
        let connection = self.writer()?.lock().await?;
        SqliteTransaction::begin(self.clone(), connection).await
    }

    /// What this store has written since it was opened: how many appends share a commit.
    #[must_use]
    pub fn stats(&self) -> SqliteStats {
        let writer = self.0.writer.as_ref();
        writer.map(|writer| writer.stats()).unwrap_or_default()
    }

    fn name(&self) -> &str {
        &self.0.name
    }

    fn writer(&self) -> Result<&Arc<Writer>, StoreError> {
        self.0.writer.as_ref().ok_or_else(|| StoreError::ReadOnly {
            store: self.name().to_owned(),
            source: None,
        })
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.0.name).finish()
    }
}

#[async_trait]
impl EventStore for SqliteStore {
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
        if batch.events.is_empty() {
            // Writes nothing, so it need not wait for those who write.
            let mut reader = self.0.readers.acquire().await?;
            append.run(&mut reader, self.name()).await
        } else {
            self.writer()?.append(append).await
        }
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let read = direct::read_stream(&self.0.readers, self.0.writer.as_deref(), query).await?;
        self.0.usage.count(query, &read);
        Ok(read)
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let query = query.clone();
        let read = move |connection: &_, store: &_| direct::read_log(connection, &query, store);
        let page = self.0.readers.read(read).await?;
        self.0.pace.see(page.watermark);
        Ok(page)
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        match self.0.readers.read_here(direct::watermark) {
            Some(watermark) => Ok(watermark),
            None => self.0.readers.read(direct::watermark).await,
        }
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut reader = self.0.readers.acquire().await?;
        log::list_streams(&mut reader, category, after, limit, self.name()).await
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        let mut reader = self.0.readers.acquire().await?;
        log::census(&mut reader, self.name()).await
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        let mut connection = self.writer()?.lock().await?;
        sqlx::query(statements::WRITE_SNAPSHOT)
            .bind(stream.category())
            .bind(stream.id())
            .bind(clamp(snapshot.version.get()))
            .bind(clamp(snapshot.position.get()))
            .bind(snapshot.recorded_at.timestamp_micros())
            .bind(snapshot.fingerprint.0.cast_signed())
            .bind(snapshot.state.as_str())
            .execute(connection.sql())
            .await
            .map_err(|error| explain(self.name(), "write a snapshot", error))?;
        Ok(())
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        import::import(self, page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        if self.0.pace.gathered(position, at_most).await {
            return Ok(());
        }
        let wait = async {
            loop {
                let news = self.0.writer.as_ref().map(|writer| writer.news());
                if self.watermark().await? > position {
                    return Ok(());
                }
                // Nobody tells of what other processes write, so it is looked at now and then.
                let news = async {
                    match news {
                        Some(news) => news.await,
                        None => std::future::pending().await,
                    }
                };
                let _ = tokio::time::timeout(FLOOR, news).await;
            }
        };
        tokio::time::timeout(at_most, wait).await.unwrap_or(Ok(()))
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let mut reader = self.0.readers.acquire().await?;
        let mut diagnosis = diagnose::diagnose(&mut reader, self.name()).await?;
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
