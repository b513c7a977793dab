//! Taking up streams that wait, once somebody has said so.

use futures_util::StreamExt as _;
use rehydrate_port::{
    Checkpoint, Condition, ConsumerTransaction, Delivery, DeliveryQuery, Locked, StoreError,
    StoredEvent, StreamQuery, Transaction, Version, Wait,
};

use super::Build;
use super::build::consumers_of;
use crate::error::whole_text;
use crate::projection::{Held, park, shard_of};

/// So many events of a stream are refolded at once.
const PAGE: usize = 1_000;

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
        match self.attempt_to_settle(due, Bound::None).await {
            Err(StoreError::BadRow { table, source }) => {
                let fault = StoreError::BadRow { table, source };
                self.settle_up_to_the_fault(due, fault).await
            }
            settled => settled,
        }
    }

    /// One of the rows cannot be stored: finds the event that makes it so, takes those before it,
    /// and parks it.
    async fn settle_up_to_the_fault(
        &mut self,
        due: &Delivery,
        mut fault: StoreError,
    ) -> Result<(), StoreError> {
        let (mut good, mut bad, mut step) = (0, None, 1);
        loop {
            let events = match bad {
                None => good + step,
                Some(bad) if bad - good <= 1 => break,
                Some(bad) => good + (bad - good) / 2,
            };
            match self.attempt_to_settle(due, Bound::OnTrial(events)).await {
                Ok(()) => (good, step) = (events, step * 2),
                Err(error @ StoreError::BadRow { .. }) => (bad, fault) = (Some(events), error),
                Err(error) => return Err(error),
            }
        }
        self.attempt_to_settle(due, Bound::Fault(good, &fault))
            .await
    }

    async fn attempt_to_settle(
        &mut self,
        due: &Delivery,
        bound: Bound<'_>,
    ) -> Result<(), StoreError> {
        // Until it is known how it ends.
        self.revision = None;
        let mut transaction = self.store.begin().await?;
        match self.settle_in(&mut *transaction, due, bound).await {
            Ok(Some(revision)) if !matches!(bound, Bound::OnTrial(_)) => {
                transaction.commit().await?;
                self.revision = Some(revision);
                Ok(())
            }
            Ok(_) => transaction.rollback().await,
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    }

    /// The checkpoint's revision afterwards; `None` if there is nothing to be done any more.
    async fn settle_in(
        &mut self,
        transaction: &mut dyn Transaction,
        due: &Delivery,
        bound: Bound<'_>,
    ) -> Result<Option<u64>, StoreError> {
        let consumers = consumers_of(transaction)?;
        let Some(checkpoint) = self.lock_for(consumers, due).await? else {
            return Ok(None);
        };
        self.held = Held::read(consumers, &self.id).await?;
        consumers
            .remove_delivery(&due.consumer, due.build, due.position)
            .await?;
        self.refold(transaction, &checkpoint, due, bound).await?;
        let consumers = consumers_of(transaction)?;
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

    /// Takes the events of the stream from the delivery on, as far as the checkpoint; the next one
    /// that fails is parked.
    async fn refold(
        &mut self,
        transaction: &mut dyn Transaction,
        checkpoint: &Checkpoint,
        due: &Delivery,
        bound: Bound<'_>,
    ) -> Result<(), StoreError> {
        self.folder.forget();
        let physical = checkpoint.physical_table().unwrap_or_default();
        let mut query = StreamQuery {
            after: Version(due.version.get().saturating_sub(1)),
            ..StreamQuery::new(due.stream.clone())
        };
        // With the transaction's own connection: a second one may not be had while locks are held.
        let mut left = bound.events();
        loop {
            query.limit = Some(PAGE);
            let page = match transaction.read(&query).await?.pages.next().await {
                Some(page) => page?,
                None => return Ok(()),
            };
            let Some(last) = page.last() else {
                return Ok(());
            };
            query.after = last.version;
            let consumers = consumers_of(transaction)?;
            let reached = page
                .iter()
                .take_while(|event| event.position <= checkpoint.position);
            let reached = reached.count();
            let all: Vec<StoredEvent<'_>> = page
                .iter()
                .take(reached)
                .filter(|event| !self.held.is_ahead_of(event) && !self.held.is_skipped(event))
                .collect();
            let events = &all[..all.len().min(left)];
            left -= events.len();
            let poisoned = self.folder.project(consumers, &physical, events).await?;
            let failed = match (poisoned.first(), bound, all.get(events.len())) {
                (Some(poisoned), _, _) => Some((poisoned.index, whole_text(&*poisoned.error))),
                (None, Bound::Fault(_, fault), Some(_)) => Some((events.len(), whole_text(fault))),
                _ => None,
            };
            if let Some((index, error)) = failed {
                let again = self.parked_again(checkpoint, &all[index], due, error)?;
                return consumers.put_delivery(&again).await;
            }
            // A fault may stand at the beginning of the next page; a trial ends here.
            if reached < page.len() || (left == 0 && matches!(bound, Bound::OnTrial(_))) {
                return Ok(());
            }
        }
    }

    fn parked_again(
        &self,
        checkpoint: &Checkpoint,
        event: &StoredEvent<'_>,
        due: &Delivery,
        error: String,
    ) -> Result<Delivery, StoreError> {
        let mut again = park(checkpoint, event, &error.into(), self.clock.now())?;
        if event.position == due.position {
            again.attempts = due.attempts + 1;
            again.first_at = due.first_at;
        }
        Ok(again)
    }
}

/// How many events of a stream to take.
#[derive(Clone, Copy)]
enum Bound<'a> {
    None,
    /// So many, to see whether they can be taken.
    OnTrial(usize),
    /// So many, and the next one is parked for this.
    Fault(usize, &'a StoreError),
}

impl Bound<'_> {
    fn events(self) -> usize {
        match self {
            Self::None => usize::MAX,
            Self::OnTrial(events) | Self::Fault(events, _) => events,
        }
    }
}
