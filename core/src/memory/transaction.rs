//! A transaction on the store in memory.

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use super::MemoryStore;
use super::log::Log;
use crate::error::StoreError;
use crate::store::{AfterCommit, Appended, Batch, Identity, StreamQuery, StreamRead, Transaction};
use crate::stream::{Expected, StreamId};

/// Appends that nobody sees until they are committed together.
///
/// It works on a copy of the log, so it costs memory and time in proportion to the log.
pub struct MemoryTransaction {
    identity: Identity,
    store: MemoryStore,
    log: Log,
    after_commit: Vec<AfterCommit>,
    turn: OwnedMutexGuard<()>,
}

impl MemoryTransaction {
    pub(super) fn new(store: MemoryStore, turn: OwnedMutexGuard<()>) -> Self {
        let log = store.log().clone();
        Self {
            identity: Identity::unique(),
            store,
            log,
            after_commit: Vec::new(),
            turn,
        }
    }

    /// Makes everything permanent, then does what was set to be done after the commit.
    ///
    /// # Errors
    /// None; it is a `Result` as in the other stores.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.store.log().take_over(self.log);
        self.store.news.notify_waiters();
        drop(self.turn);
        for action in self.after_commit {
            action.await;
        }
        Ok(())
    }

    /// Takes everything back.
    ///
    /// # Errors
    /// None; it is a `Result` as in the other stores.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl std::fmt::Debug for MemoryTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTransaction").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    fn identity(&self) -> Identity {
        self.identity
    }

    fn store(&self) -> Identity {
        self.store.identity
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.log.append(stream, expected, batch)
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        Ok(self.log.read(query))
    }

    fn after_commit(&mut self, action: AfterCommit) {
        self.after_commit.push(action);
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Self::commit(*self).await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Self::rollback(*self).await
    }
}
