//! Dead letters: looking at them, and what becomes of them.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, ConsumerKind, Delivery, DeliveryQuery, DeliveryState, Locked,
    Page, Role, StoreError, StreamQuery, Transaction, Version, Wait,
};

use super::{OperationError, Operations};
use crate::feed::pass_over;
use crate::projection::shard_of;
use crate::runner::{consumers, consumers_of, go_on};

impl Operations {
    /// The events that have failed, of one consumer or of all: those whose stream waits, and those
    /// that were skipped.
    ///
    /// # Errors
    /// The store failed.
    pub async fn dead_letters(
        &self,
        consumer: Option<&str>,
    ) -> Result<Vec<Delivery>, OperationError> {
        let query = DeliveryQuery {
            consumer: consumer.map(str::to_owned),
            ..DeliveryQuery::default()
        };
        let mut all = consumers(&*self.store)?.deliveries(&query).await?;
        // Nobody looks after a build that was swapped out.
        let builds = consumers(&*self.store)?.checkpoints(consumer).await?;
        let retired: BTreeSet<(&str, u32)> = builds
            .iter()
            .filter(|found| found.role == Role::Retired)
            .map(|found| (found.id.consumer.as_str(), found.id.build))
            .collect();
        all.retain(|delivery| {
            !matches!(delivery.state, DeliveryState::Scheduled { .. })
                && !retired.contains(&(delivery.consumer.as_str(), delivery.build))
        });
        Ok(all)
    }

    /// Has an event tried again, and the events of its stream after it if it succeeds.
    ///
    /// The program that runs the consumer does it, within a moment.
    ///
    /// # Errors
    /// [`OperationError::Settled`]: somebody was faster.
    pub async fn retry(&self, letter: &Delivery) -> Result<(), OperationError> {
        self.settle(letter, DeliveryState::Retrying { at: self.now() })
            .await
    }

    /// Has every event that has failed tried again, and returns how many there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn retry_all(&self, consumer: Option<&str>) -> Result<usize, OperationError> {
        let mut count = 0;
        for letter in self.dead_letters(consumer).await? {
            if letter.state == DeliveryState::Parked {
                match self.retry(&letter).await {
                    Ok(()) => count += 1,
                    Err(OperationError::Settled { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(count)
    }

    /// Goes on without an event. It stays on file, with the reason.
    ///
    /// # Errors
    /// [`OperationError::NoReason`], [`OperationError::Settled`], or the store failed.
    pub async fn skip(&self, letter: &Delivery, reason: &str) -> Result<(), OperationError> {
        if reason.trim().is_empty() {
            return Err(OperationError::NoReason);
        }
        let reason = reason.trim().to_owned();
        self.settle(letter, DeliveryState::Skipped { reason }).await
    }

    async fn settle(&self, letter: &Delivery, state: DeliveryState) -> Result<(), OperationError> {
        let settled = || OperationError::Settled {
            consumer: letter.consumer.clone(),
            position: letter.position,
        };
        let id = self.checkpoint_of(letter).await?.ok_or_else(settled)?;
        let mut transaction = self.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let checkpoint = match consumers.lock(&id, Wait::ForOthers).await? {
            Locked::Taken(checkpoint) if checkpoint.role != Role::Retired => checkpoint,
            Locked::Taken(_) | Locked::Missing | Locked::Busy => return Err(settled()),
        };
        let query = DeliveryQuery {
            consumer: Some(letter.consumer.clone()),
            build: Some(letter.build),
            position: Some(letter.position),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        let Some(found) = consumers.deliveries(&query).await?.into_iter().next() else {
            return Err(settled());
        };
        let changed = Delivery {
            state,
            last_at: self.now(),
            ..found
        };
        consumers.put_delivery(&changed).await?;
        let is_skipped = matches!(changed.state, DeliveryState::Skipped { .. });
        let is_delivered = matches!(checkpoint.kind, ConsumerKind::Reactor | ConsumerKind::Relay);
        if is_skipped && is_delivered {
            // Of its stream more may have been delivered already.
            go_on(&mut *transaction, &checkpoint, &changed, self.now()).await?;
        } else if is_skipped && checkpoint.kind == ConsumerKind::Feed {
            let consumers = consumers_of(&mut *transaction)?;
            pass_over(consumers, &changed, self.now()).await?;
        } else if is_skipped {
            self.pass_over(&mut *transaction, &checkpoint, &changed)
                .await?;
        }
        let consumers = consumers_of(&mut *transaction)?;
        let changed = Checkpoint {
            changed_at: self.now(),
            ..*checkpoint
        };
        consumers.save(&changed).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Leaves the stream of an event that was skipped to the next one.
    async fn pass_over(
        &self,
        transaction: &mut dyn Transaction,
        checkpoint: &Checkpoint,
        skipped: &Delivery,
    ) -> Result<(), StoreError> {
        if skipped.position > checkpoint.position {
            // The checkpoint is yet to come by, and must not take it then.
            let ahead = Ahead {
                stream: skipped.stream.clone(),
                version: skipped.version,
                position: skipped.position,
            };
            return consumers_of(transaction)?
                .put_ahead(&checkpoint.id, &ahead)
                .await;
        }
        // After the lock: what is at or below the checkpoint is committed, and stays all there is.
        let next = self.next_in_stream(transaction, skipped).await?;
        if let Some(next) = next.filter(|next| next.position <= checkpoint.position) {
            consumers_of(transaction)?.put_delivery(&next).await?;
        }
        Ok(())
    }

    /// The event after a dead letter, as one that is to be tried now.
    async fn next_in_stream(
        &self,
        transaction: &mut dyn Transaction,
        letter: &Delivery,
    ) -> Result<Option<Delivery>, StoreError> {
        let query = StreamQuery {
            after: letter.version,
            until: Some(Version(letter.version.get() + 1)),
            ..StreamQuery::new(letter.stream.clone())
        };
        // With the connection that is there: those who wait for the lock may have all the others.
        let pages: Vec<Page> = transaction.read(&query).await?.pages.try_collect().await?;
        Ok(pages.iter().find_map(Page::first).map(|event| Delivery {
            position: event.position,
            version: event.version,
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            state: DeliveryState::Retrying { at: self.now() },
            error: None,
            attempts: 0,
            first_at: self.now(),
            last_at: self.now(),
            ..letter.clone()
        }))
    }

    async fn checkpoint_of(&self, letter: &Delivery) -> Result<Option<CheckpointId>, StoreError> {
        let all = consumers(&*self.store)?
            .checkpoints(Some(&letter.consumer))
            .await?;
        let shards: Vec<CheckpointId> = all
            .into_iter()
            .map(|checkpoint| checkpoint.id)
            .filter(|id| id.build == letter.build)
            .collect();
        let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        let stream = &letter.stream;
        let shard = shard_of(stream.category(), stream.id(), count);
        Ok(shards.into_iter().find(|id| id.shard == shard))
    }
}
