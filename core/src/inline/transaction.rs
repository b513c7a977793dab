//! A transaction whose appends keep projections.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use rehydrate_port::{
    AfterCommit, Ahead, Appended, Batch, Checkpoint, ConsumerTransaction, Expected, Identity,
    Locked, Outcome, Page, Role, StoreError, StoredEvent, StreamId, StreamQuery, StreamRead,
    Transaction, Version, Wait,
};

use super::Kept;
use crate::clock::Clock;
use crate::projection::{Held, park};
use crate::runner::consumers_of;

/// A transaction whose appends keep projections: see [`Inline`](super::Inline).
pub struct InlineTransaction<T> {
    transaction: T,
    kept: Arc<Vec<Arc<Kept>>>,
    clock: Arc<dyn Clock>,
}

impl<T: Transaction> InlineTransaction<T> {
    pub(super) fn new(transaction: T, kept: Arc<Vec<Arc<Kept>>>, clock: Arc<dyn Clock>) -> Self {
        Self {
            transaction,
            kept,
            clock,
        }
    }

    /// The store's own transaction, for the caller's own statements.
    pub fn inner(&mut self) -> &mut T {
        &mut self.transaction
    }

    /// Locks the checkpoints that an append concerns, before it takes positions.
    async fn lock(&mut self, stream: &StreamId) -> Result<Vec<(usize, Checkpoint)>, StoreError> {
        let mut locked = Vec::new();
        for (index, kept) in self.kept.iter().enumerate() {
            let Some(live) = kept.live().filter(|_| kept.concerns(stream.category())) else {
                continue;
            };
            // A build of another definition is left to the runner, which says what is wrong.
            let definition = kept.projection.definition();
            let id = definition.checkpoint_of(live.build, live.shards, stream);
            let consumers = consumers_of(&mut self.transaction)?;
            match consumers.lock(&id, Wait::ForOthers).await? {
                Locked::Taken(checkpoint)
                    if checkpoint.role == Role::Live && definition.made(&checkpoint) =>
                {
                    locked.push((index, *checkpoint));
                }
                // Left to whoever keeps the build that is live now.
                Locked::Taken(_) | Locked::Missing | Locked::Busy => kept.forget(),
            }
        }
        Ok(locked)
    }

    /// Takes the events of a stream into one projection, up to those just appended.
    async fn keep(
        &mut self,
        index: usize,
        checkpoint: &Checkpoint,
        stream: &StreamId,
        first: Version,
    ) -> Result<(), StoreError> {
        let kept = Arc::clone(&self.kept);
        let projection = &kept[index].projection;
        let held = Held::read(consumers_of(&mut self.transaction)?, &checkpoint.id).await?;
        if held.waits(stream) {
            return Ok(());
        }
        let pages = self.missing(checkpoint, &held, stream, first).await?;
        let events: Vec<StoredEvent<'_>> = pages
            .iter()
            .flat_map(Page::iter)
            .filter(|event| event.position > checkpoint.position && !held.is_ahead_of(event))
            .collect();
        let physical = checkpoint.physical_table().unwrap_or_default();
        let consumers = consumers_of(&mut self.transaction)?;
        let mut folder = projection.folder();
        let poisoned = folder.project(consumers, &physical, &events).await?;
        let mut taken = events.len();
        if let Some(poisoned) = poisoned.into_iter().next() {
            taken = poisoned.index;
            let event = &events[taken];
            let delivery = park(checkpoint, event, &poisoned.error, self.clock.now())?;
            consumers.put_delivery(&delivery).await?;
        }
        if let Some(last) = events[..taken].last() {
            let ahead = Ahead {
                stream: stream.clone(),
                version: last.version,
                position: last.position,
            };
            consumers.put_ahead(&checkpoint.id, &ahead).await?;
        }
        consumers.save(checkpoint).await
    }

    /// The events of a stream that a build may not have taken yet.
    async fn missing(
        &mut self,
        checkpoint: &Checkpoint,
        held: &Held,
        stream: &StreamId,
        first: Version,
    ) -> Result<Vec<Page>, StoreError> {
        let before = Version(first.get().saturating_sub(2));
        let after = held.taken_of(stream).unwrap_or(before);
        let pages = self.pages(stream, after).await?;
        let is_gapless = match pages.first().and_then(Page::first) {
            Some(event) if event.version < first => {
                event.position <= checkpoint.position || held.taken_of(stream).is_some()
            }
            _ => true,
        };
        if is_gapless {
            return Ok(pages);
        }
        // Somebody has appended past this store, and no runner has taken it yet.
        self.pages(stream, Version::ZERO).await
    }

    async fn pages(&mut self, stream: &StreamId, after: Version) -> Result<Vec<Page>, StoreError> {
        let query = StreamQuery {
            after,
            ..StreamQuery::new(stream.clone())
        };
        self.transaction
            .read(&query)
            .await?
            .pages
            .try_collect()
            .await
    }
}

#[async_trait]
impl<T: Transaction> Transaction for InlineTransaction<T> {
    fn identity(&self) -> Identity {
        self.transaction.identity()
    }

    fn store(&self) -> Identity {
        self.transaction.store()
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        let locked = self.lock(stream).await?;
        let appended = self.transaction.append(stream, expected, batch).await?;
        if appended.outcome == Outcome::Written && !batch.events.is_empty() {
            let count = batch.events.len() as u64;
            let first = Version(appended.version.get() + 1 - count);
            for (index, checkpoint) in &locked {
                self.keep(*index, checkpoint, stream, first).await?;
            }
        }
        Ok(appended)
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.transaction.read(query).await
    }

    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        self.transaction.consumers()
    }

    fn after_commit(&mut self, action: AfterCommit) {
        self.transaction.after_commit(action);
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Box::new(self.transaction).commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Box::new(self.transaction).rollback().await
    }
}

impl<T: fmt::Debug> fmt::Debug for InlineTransaction<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineTransaction")
            .field("transaction", &self.transaction)
            .finish_non_exhaustive()
    }
}
