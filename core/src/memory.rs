//! A store in memory, with the promises of the others.

mod log;
mod transaction;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;

use self::log::Log;
pub use self::transaction::MemoryTransaction;
use crate::error::StoreError;
use crate::store::{
    Appended, Batch, EventStore, LogPage, LogQuery, Snapshot, StreamQuery, StreamRead, Transaction,
};
use crate::stream::{Expected, Position, StreamId};

/// A store that keeps everything in memory, for tests and examples.
///
/// It checks versions, keys and times as the SQL stores do and runs the same contract, so that a
/// test on it proves something. A clone is the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    log: Arc<Mutex<Log>>,
    /// Held by whoever appends; a transaction holds it until it ends.
    writer: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a transaction. Other writers wait until it ends; readers do not see it.
    ///
    /// # Errors
    /// None; it is a `Result` as in the other stores.
    pub async fn begin(&self) -> Result<MemoryTransaction, StoreError> {
        let turn = Arc::clone(&self.writer).lock_owned().await;
        Ok(MemoryTransaction::new(self.clone(), turn))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        let _turn = self.writer.lock().await;
        self.log().append(stream, expected, batch)
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        Ok(self.log().read(query))
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        Ok(self.log().page(query))
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        Ok(self.log().watermark())
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.log().list_streams(category, after, limit))
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.log().write_snapshot(stream, snapshot);
        Ok(())
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(Self::begin(self).await?))
    }
}

fn read_of(pages: Vec<crate::page::Page>) -> StreamRead<'static> {
    StreamRead {
        command: None,
        snapshot: crate::store::SnapshotRead::None,
        pages: futures_util::stream::iter(pages.into_iter().map(Ok)).boxed(),
    }
}
