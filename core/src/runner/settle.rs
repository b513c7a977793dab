//! Taking up streams that wait, once somebody has said so.

use futures_util::StreamExt as _;

use super::Build;
use super::build::consumers_of;
use crate::error::StoreError;
use crate::page::StoredEvent;
use crate::projection::{Held, park, shard_of, whole_text};
use crate::store::{
    Checkpoint, ConsumerTransaction, Delivery, DeliveryQuery, DeliveryState, Locked, StreamQuery,
    Transaction, Wait,
};
use crate::stream::Version;

impl Build {
    /// Takes up the streams whose dead letters are to be tried again now, each of them as far as
    /// the checkpoint.
    pub(crate) async fn settle(&mut self) -> Result<(), StoreError> {
        let query = DeliveryQuery {
            consumer: Some(self.id.consumer.clone()),
            build: Some(self.id.build),
            blocking_only: true,
            due_by: Some(self.clock.now()),
            ..DeliveryQuery::default()
        };
        let due = super::consumers(&*self.store)?.deliveries(&query).await?;
        for delivery in due {
            let stream = &delivery.stream;
            if shard_of(stream.category(), stream.id(), self.shards) == self.id.shard {
                self.settle_one(&delivery).await?;
            }
        }
        Ok(())
    }

    async fn settle_one(&mut self, due: &Delivery) -> Result<(), StoreError> {
        let mut transaction = self.store.begin().await?;
        match self.settle_in(&mut *transaction, due, None).await {
            Ok(Some(revision)) => {
                transaction.commit().await?;
                self.revision = Some(revision);
                Ok(())
            }
            Ok(None) => transaction.rollback().await,
            Err(error @ StoreError::BadRow { .. }) => {
                transaction.rollback().await?;
                let mut transaction = self.store.begin().await?;
                self.settle_in(&mut *transaction, due, Some(&error)).await?;
                self.revision = None;
                transaction.commit().await
            }
            Err(error) => {
                self.revision = None;
                Err(error)
            }
        }
    }

    /// The checkpoint's revision afterwards; `None` if there is nothing to be done any more.
    async fn settle_in(
        &mut self,
        transaction: &mut dyn Transaction,
        due: &Delivery,
        fault: Option<&StoreError>,
    ) -> Result<Option<u64>, StoreError> {
        let consumers = consumers_of(transaction)?;
        let Some(checkpoint) = self.lock_for(consumers, due).await? else {
            return Ok(None);
        };
        match fault {
            Some(error) => {
                let again = Delivery {
                    state: DeliveryState::Parked,
                    error: Some(whole_text(error)),
                    attempts: due.attempts + 1,
                    last_at: self.clock.now(),
                    ..due.clone()
                };
                consumers.put_delivery(&again).await?;
            }
            None => {
                consumers
                    .remove_delivery(&due.consumer, due.build, due.position)
                    .await?;
                self.refold(consumers, &checkpoint, due).await?;
            }
        }
        consumers.save(&checkpoint).await?;
        self.held = Held::read(consumers, &self.id).await?;
        Ok(Some(checkpoint.revision + 1))
    }

    async fn lock_for(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        due: &Delivery,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let Locked::Taken(checkpoint) = consumers.lock(&self.id, Wait::ForOthers).await? else {
            return Ok(None);
        };
        if !self.is_ours(&checkpoint) {
            return Ok(None);
        }
        let query = DeliveryQuery {
            consumer: Some(due.consumer.clone()),
            build: Some(due.build),
            position: Some(due.position),
            ..DeliveryQuery::default()
        };
        let now = consumers.deliveries(&query).await?;
        let is_due = now.first().is_some_and(|now| now.state == due.state);
        Ok(is_due.then_some(*checkpoint))
    }

    /// Takes the events of the stream from the delivery on, as far as the checkpoint; the next one
    /// that fails is parked.
    async fn refold(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        due: &Delivery,
    ) -> Result<(), StoreError> {
        self.folder.forget();
        let physical = checkpoint.physical_table().unwrap_or_default();
        let query = StreamQuery {
            after: Version(due.version.get().saturating_sub(1)),
            ..StreamQuery::new(due.stream.clone())
        };
        let store = std::sync::Arc::clone(&self.store);
        let mut pages = store.read(&query).await?.pages;
        while let Some(page) = pages.next().await {
            let page = page?;
            let events: Vec<StoredEvent<'_>> = page
                .iter()
                .take_while(|event| event.position <= checkpoint.position)
                .filter(|event| !self.held.is_ahead_of(event))
                .collect();
            let poisoned = self.folder.project(consumers, &physical, &events).await?;
            if let Some(poisoned) = poisoned.first() {
                let event = &events[poisoned.index];
                let mut again = park(checkpoint, event, &poisoned.error, self.clock.now())?;
                if event.position == due.position {
                    again.attempts = due.attempts + 1;
                    again.first_at = due.first_at;
                }
                return consumers.put_delivery(&again).await;
            }
            if events.len() < page.len() {
                break;
            }
        }
        Ok(())
    }
}
