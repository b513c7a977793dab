//! Taking up streams that wait, once somebody has said so.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{
    BoxError, Checkpoint, Condition, ConsumerTransaction, Delivery, DeliveryQuery, DeliveryState,
    Locked, Position, StoreError, StoredEvent, Wait, WaitingEvent,
};

use super::incoming::Incoming;
use super::intake::Intake;
use crate::error::whole_text;
use crate::projection::park;
use crate::runner::{consumers, consumers_of};

/// So many events of a stream are taken up at once.
const PAGE: usize = 500;

impl Intake {
    /// Takes up the streams whose dead letters are to be tried again now.
    pub(super) async fn settle(&mut self) -> Result<(), StoreError> {
        let query = DeliveryQuery {
            consumer: Some(self.id.consumer.clone()),
            build: Some(self.id.build),
            blocking_only: true,
            due_by: Some(self.settings.clock.now()),
            ..DeliveryQuery::default()
        };
        let store = Arc::clone(&self.settings.store);
        for due in consumers(&*store)?.deliveries(&query).await? {
            self.settle_one(due).await?;
        }
        Ok(())
    }

    /// One page after the other; where a row cannot be stored one event after the other, and the one
    /// that makes it so is parked.
    async fn settle_one(&mut self, due: Delivery) -> Result<(), StoreError> {
        let mut limit = PAGE;
        let mut next = Some(due);
        while let Some(due) = next.take() {
            next = match self.attempt_to_settle(&due, limit, None).await {
                Err(StoreError::BadRow { .. }) if limit > 1 => {
                    limit = 1;
                    Some(due)
                }
                Err(error @ StoreError::BadRow { .. }) => {
                    self.attempt_to_settle(&due, 1, Some(error.into())).await?
                }
                settled => settled?,
            };
        }
        Ok(())
    }

    /// The delivery with which the stream goes on, if there is more.
    async fn attempt_to_settle(
        &mut self,
        due: &Delivery,
        limit: usize,
        fault: Option<BoxError>,
    ) -> Result<Option<Delivery>, StoreError> {
        self.revision = None;
        let store = Arc::clone(&self.settings.store);
        let mut transaction = store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let Some(checkpoint) = self.lock_for(consumers, due).await? else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let next = self
            .take_up(consumers, &checkpoint, due, limit, fault)
            .await;
        match next {
            Ok(next) => {
                consumers.save(&checkpoint).await?;
                transaction.commit().await?;
                Ok(next)
            }
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    }

    async fn lock_for(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        due: &Delivery,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let Locked::Taken(checkpoint) = consumers.lock(&self.id, Wait::ForOthers).await? else {
            return Ok(None);
        };
        if !self.is_ours(&checkpoint) || checkpoint.condition == Condition::Paused {
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

    async fn take_up(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        due: &Delivery,
        limit: usize,
        fault: Option<BoxError>,
    ) -> Result<Option<Delivery>, StoreError> {
        let (consumer, build) = (&*due.consumer, due.build);
        let now = self.settings.clock.now();
        consumers
            .remove_delivery(consumer, build, due.position)
            .await?;
        // One more than is taken, so that it is known with which one the stream goes on.
        let waiting = consumers
            .waiting(consumer, build, &due.stream, Position::ZERO, limit + 1)
            .await?;
        let events = waiting.iter().map(incoming);
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let taken = &events[..events.len().min(limit)];
        let stored: Vec<StoredEvent<'_>> = taken.iter().map(Incoming::stored).collect();
        let failed = match fault {
            Some(error) => Some((0, error)),
            None => {
                self.folder.forget();
                let physical = checkpoint.physical_table().unwrap_or_default();
                let poisoned = self.folder.project(consumers, &physical, &stored).await?;
                let first = poisoned.into_iter().next();
                first.map(|poisoned| (poisoned.index, poisoned.error))
            }
        };
        let good = failed.as_ref().map_or(stored.len(), |(index, _)| *index);
        for done in &waiting[..good] {
            consumers
                .remove_waiting(consumer, build, done.position)
                .await?;
        }
        if let Some((index, error)) = failed
            && let Some(event) = stored.get(index)
        {
            let position = waiting[index].position;
            let mut again = Delivery {
                position,
                ..park(checkpoint, event, &error, now)?
            };
            if position == due.position {
                again.attempts = due.attempts + 1;
                again.first_at = due.first_at;
            }
            consumers.put_delivery(&again).await?;
            return Ok(None);
        }
        match waiting.get(good) {
            Some(next) => go_on_with(consumers, due, next, now).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Leaves the stream of an event that was skipped to the next one that waits.
pub(crate) async fn pass_over(
    consumers: &mut dyn ConsumerTransaction,
    skipped: &Delivery,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (consumer, build) = (&*skipped.consumer, skipped.build);
    consumers
        .remove_waiting(consumer, build, skipped.position)
        .await?;
    let next = consumers
        .waiting(consumer, build, &skipped.stream, skipped.position, 1)
        .await?;
    if let Some(next) = next.first() {
        go_on_with(consumers, skipped, next, now).await?;
    }
    Ok(())
}

/// Notes that a stream goes on with an event, now.
async fn go_on_with(
    consumers: &mut dyn ConsumerTransaction,
    before: &Delivery,
    next: &WaitingEvent,
    now: DateTime<Utc>,
) -> Result<Delivery, StoreError> {
    let event = incoming(next)?;
    let stored = event.stored();
    let delivery = Delivery {
        position: next.position,
        version: stored.version,
        event_type: stored.event_type.to_owned(),
        schema_version: stored.schema_version,
        state: DeliveryState::Retrying {
            at: crate::clock::to_stored_precision(now),
        },
        error: None,
        attempts: 0,
        first_at: now,
        last_at: now,
        ..before.clone()
    };
    consumers.put_delivery(&delivery).await?;
    Ok(delivery)
}

fn incoming(waiting: &WaitingEvent) -> Result<Incoming, StoreError> {
    Incoming::from_json(&waiting.event).map_err(|error| StoreError::Corrupt {
        stream: waiting.stream.clone(),
        reason: format!(
            "its event that waits with number {} is none: {}",
            waiting.position,
            whole_text(&error)
        ),
    })
}
