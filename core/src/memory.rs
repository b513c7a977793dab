//! A store in memory, with the promises of the others.

mod cell;
mod changes;
mod consumers;
mod diff;
mod feeds;
mod kept;
mod log;
mod tables;
mod transaction;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use rehydrate_port::{
    Appended, Batch, ConsumerStore, Diagnosis, EventStore, Expected, Identity, LogPage, LogQuery,
    Page, Position, Snapshot, SnapshotRead, SnapshotUse, StoreError, StreamId, StreamQuery,
    StreamRead, Transaction,
};

use self::kept::Kept;
use self::log::Log;
pub use self::transaction::MemoryTransaction;

/// A store that keeps everything in memory, for tests and examples.
///
/// It checks versions, keys and times as the SQL stores do and runs the same contract, so that a
/// test on it proves something. A clone is the same store.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    identity: Identity,
    state: Arc<Mutex<State>>,
    /// Held by whoever appends; a transaction holds it until it ends.
    writer: Arc<tokio::sync::Mutex<()>>,
    news: Arc<tokio::sync::Notify>,
    asked: Arc<AtomicU64>,
    found: Arc<AtomicU64>,
}

/// What all clones of a store share.
#[derive(Debug, Default)]
struct State {
    log: Log,
    kept: Kept,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self {
            identity: Identity::unique(),
            state: Arc::default(),
            writer: Arc::default(),
            news: Arc::default(),
            asked: Arc::default(),
            found: Arc::default(),
        }
    }

    /// Begins a transaction. Other writers wait until it ends; readers do not see it.
    ///
    /// # Errors
    /// None; it is a `Result` as in the other stores.
    pub async fn begin(&self) -> Result<MemoryTransaction, StoreError> {
        let turn = Arc::clone(&self.writer).lock_owned().await;
        Ok(MemoryTransaction::new(self.clone(), turn))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    fn identity(&self) -> Identity {
        self.identity
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        let _turn = self.writer.lock().await;
        let appended = self.state().log.append(None, stream, expected, batch);
        self.news.notify_waiters();
        appended
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        let read = self.state().log.read(None, query);
        if query.snapshot.is_some() && read.command.is_none() {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let found = matches!(read.snapshot, SnapshotRead::Found(_));
            self.found.fetch_add(u64::from(found), Ordering::Relaxed);
        }
        Ok(read)
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        Ok(self.state().log.page(query))
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        Ok(self.state().log.watermark())
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.state().log.list_streams(category, after, limit))
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.state().log.write_snapshot(stream, snapshot);
        Ok(())
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        let _turn = self.writer.lock().await;
        self.state().log.import(page)?;
        self.news.notify_waiters();
        Ok(())
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        let news = self.news.notified();
        if self.state().log.watermark() <= position {
            // It is a hint, so a wait that was in vain is no error.
            let _ = tokio::time::timeout(at_most, news).await;
        }
        Ok(())
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        let mut diagnosis = self.state().log.diagnose();
        diagnosis.snapshots = SnapshotUse {
            asked: self.asked.load(Ordering::Relaxed),
            found: self.found.load(Ordering::Relaxed),
        };
        Ok(diagnosis)
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(Self::begin(self).await?))
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        Some(self)
    }
}

fn read_of(pages: Vec<Page>) -> StreamRead<'static> {
    StreamRead {
        command: None,
        snapshot: SnapshotRead::None,
        pages: futures_util::stream::iter(pages.into_iter().map(Ok)).boxed(),
    }
}
