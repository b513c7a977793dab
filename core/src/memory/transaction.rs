//! A transaction on the store in memory.

use async_trait::async_trait;
use rehydrate_port::{
    AfterCommit, Appended, Batch, ConsumerTransaction, Expected, Identity, StoreError, StreamId,
    StreamQuery, StreamRead, Transaction,
};
use tokio::sync::OwnedMutexGuard;

use super::MemoryStore;
use super::changes::Changes;
use super::kept::Kept;
use super::log::Log;

/// Appends that nobody sees until they are committed together.
///
/// It keeps what it changes apart from what the others see, and nobody else writes while it is
/// open, so it costs memory and time in proportion to its own changes.
pub struct MemoryTransaction {
    identity: Identity,
    store: MemoryStore,
    /// Only what this transaction has appended.
    log: Log,
    changes: Changes,
    has_failed: bool,
    after_commit: Vec<AfterCommit>,
    turn: OwnedMutexGuard<()>,
}

impl MemoryTransaction {
    pub(super) fn new(store: MemoryStore, turn: OwnedMutexGuard<()>) -> Self {
        let log = store.state().log.continued();
        Self {
            identity: Identity::unique(),
            store,
            log,
            changes: Changes::default(),
            has_failed: false,
            after_commit: Vec::new(),
            turn,
        }
    }

    /// Makes everything permanent, then does what was set to be done after the commit.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if something has failed after which it can only be rolled back.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.has_failed {
            return Err(StoreError::Backend {
                action: "commit",
                source: "the transaction has failed before, and can only be rolled back".into(),
            });
        }
        {
            let mut state = self.store.state();
            state.log.take_over(self.log);
            state.kept.take_over(self.changes);
        }
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

    /// Does something for a consumer, which spoils the transaction if it fails.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&Kept, &mut Changes) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = change(&self.store.state().kept, &mut self.changes);
        self.has_failed |= done.is_err();
        done
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
        let state = self.store.state();
        self.log.append(Some(&state.log), stream, expected, batch)
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        Ok(self.log.read(Some(&self.store.state().log), query))
    }

    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        Some(self)
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
