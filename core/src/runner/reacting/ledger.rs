//! The checkpoint of a reactor, and who may write it.

mod duty;

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, Delivery, DeliveryQuery, DeliveryState, EventStore,
    Leased, Locked, Position, StoreError, StoredEvent, StreamId, Transaction, Wait,
};
use tokio::time::Instant;

use super::super::build::consumers_of;
use super::super::{Runner, consumers};
use super::broker::Sent;
use super::claim::is_claimed;
use super::halt::Halt;
use super::lease::Lease;
use super::progress::Progress;
use super::release::{Released, blocking, go_on, note_ahead, on_file};
use crate::clock::Clock;
use crate::error::whole_text;
use crate::reactor::{Failure, Reaction};
use crate::telemetry;

/// What is known of a reactor, in the database and here.
///
/// Everything is written in a transaction that has the checkpoint locked and finds that it is still
/// led by this worker and where this worker believes it to be.
pub(super) struct Ledger {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    id: CheckpointId,
    idle_write: std::time::Duration,
    lease: Lease,
    progress: Progress,
    /// The broker of a relay.
    destination: Option<String>,
    /// What is to be noted of a relay.
    sent: Option<Sent>,
    /// The positions ahead that a relay is to go on without, because somebody has decided so before
    /// it was rewound.
    skipped: HashSet<Position>,
    /// The streams that wait. Some of them may not wait any more; that is found out when one of
    /// their events was passed over.
    blocked: HashSet<StreamId>,
    /// When the next delivery that is known of is due.
    next_due: Option<DateTime<Utc>>,
    /// Somebody else has been seen to lead.
    is_lost: bool,
}

impl Ledger {
    pub(super) fn new(runner: &Runner, id: CheckpointId, destination: Option<String>) -> Self {
        Self {
            store: Arc::clone(&runner.store),
            clock: Arc::clone(&runner.clock),
            idle_write: runner.pace.idle_write,
            lease: Lease::new(&runner.store, &id, runner.pace.lease),
            id,
            progress: Progress::default(),
            sent: destination.is_some().then(Sent::default),
            destination,
            skipped: HashSet::new(),
            blocked: HashSet::new(),
            next_due: None,
            is_lost: false,
        }
    }

    pub(super) fn id(&self) -> &CheckpointId {
        &self.id
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Everything up to here is delivered, or waits.
    pub(super) fn position(&self) -> Position {
        self.progress.position
    }

    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.next_due
    }

    pub(super) fn forget_due(&mut self) {
        self.next_due = None;
    }

    /// A delivery is due then.
    pub(super) fn expect_due(&mut self, at: DateTime<Utc>) {
        self.next_due = Some(self.next_due.map_or(at, |due| due.min(at)));
    }

    /// Asks to lead.
    pub(super) async fn lead(&mut self) -> Result<Leased, StoreError> {
        let leased = self.lease.take().await?;
        self.is_lost = !matches!(leased, Leased::Given(_));
        Ok(leased)
    }

    /// Begins to lead: writes what could not be written before, and looks which streams wait.
    pub(super) async fn begin(&mut self, checkpoint: &Checkpoint) -> Result<(), Halt> {
        self.progress.stand_at(checkpoint);
        self.next_due = None;
        self.write().await?;
        let waiting = consumers(&*self.store)?
            .deliveries(&blocking(&self.id))
            .await?;
        self.blocked = waiting.into_iter().map(|it| it.stream).collect();
        if self.sent.is_some() {
            let all = on_file(&self.id);
            let mut skipped = consumers(&*self.store)?.deliveries(&all).await?;
            skipped.retain(|it| matches!(it.state, DeliveryState::Skipped { .. }));
            self.skipped = skipped.into_iter().map(|it| it.position).collect();
        }
        Ok(())
    }

    /// Leads no more.
    pub(super) async fn resign(&mut self) {
        if let Err(error) = self.lease.release().await {
            tracing::debug!(
                consumer = %self.id.consumer,
                error = whole_text(&error),
                "the lease cannot be released, and runs out"
            );
        }
    }

    /// Keeps leading.
    pub(super) async fn keep(&mut self) -> Result<(), Halt> {
        if !self.is_lost
            && self.lease.renew_at() <= Instant::now()
            && let Leased::Given(found) = self.lead().await?
        {
            // Somebody else may have led meanwhile, and have let go of it again.
            self.is_lost = true;
            self.is_lost = self.fence(&found).is_err() || !self.is_claimed().await?;
        }
        if self.is_lost {
            return Err(Halt::Lost);
        }
        Ok(())
    }

    /// Whether what is noted as delivered here was delivered where this worker delivers it.
    async fn is_claimed(&self) -> Result<bool, StoreError> {
        match &self.destination {
            Some(destination) => is_claimed(&*self.store, &self.id, destination).await,
            None => Ok(true),
        }
    }

    /// How long one may wait before the lease has to be looked after.
    pub(super) fn longest_wait(&self) -> std::time::Duration {
        self.lease.period()
    }

    /// Whether an event has to wait, because one before it in its stream does.
    pub(super) fn is_blocked(&self, stream: &StreamId) -> bool {
        self.blocked.contains(stream)
    }

    /// Whether somebody has decided to go on without the event at a position.
    pub(super) fn is_skipped(&self, position: Position) -> bool {
        self.skipped.contains(&position)
    }

    /// Takes into account what an attempt has come to, for those who look at a relay.
    pub(super) fn hear(&mut self, outcome: &Result<Reaction, Failure>) {
        if let Some(sent) = &mut self.sent {
            sent.hear(outcome, self.clock.now());
        }
    }

    /// An event was delivered, and an outcome is to be kept if it was not just answered.
    pub(super) async fn deliver(
        &mut self,
        event: &StoredEvent<'_>,
        outcome: Option<Delivery>,
    ) -> Result<(), Halt> {
        if let Some(outcome) = &outcome {
            self.expect(outcome);
        }
        self.progress.deliver(event, outcome);
        self.write_if_due().await
    }

    /// An event waits.
    pub(super) fn pass_over(&mut self, event: &StoredEvent<'_>, waits: Delivery) {
        let wait = self.idle_write;
        self.progress.pass_over(event, waits, wait);
    }

    pub(super) fn see(&mut self, read_to: Position, watermark: Position) {
        self.progress.see(read_to, watermark);
    }

    /// There is nothing more for the reactor up to a position.
    pub(super) async fn move_to(&mut self, read_to: Position) -> Result<(), Halt> {
        self.progress.move_to(read_to, self.idle_write);
        self.write_if_due().await
    }

    async fn write_if_due(&mut self) -> Result<(), Halt> {
        if self.progress.is_due() {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes down what has been delivered.
    pub(super) async fn write(&mut self) -> Result<(), Halt> {
        if !self.progress.has_news() && !self.progress.is_due() {
            return Ok(());
        }
        let begun = Instant::now();
        let (mut transaction, mut checkpoint) = self.locked().await?;
        let consumers = consumers_of(&mut *transaction)?;
        for outcome in &self.progress.outcomes {
            consumers.put_delivery(outcome).await?;
        }
        let mut freed = Vec::new();
        if !self.progress.passed.is_empty() {
            let waiting = consumers.deliveries(&blocking(&self.id)).await?;
            let waiting: HashSet<StreamId> = waiting.into_iter().map(|it| it.stream).collect();
            for (stream, waits) in &self.progress.passed {
                if !waiting.contains(stream) {
                    consumers.put_delivery(waits).await?;
                    freed.push(waits.clone());
                }
            }
        }
        self.progress.apply_to(&mut checkpoint);
        checkpoint.changed_at = self.clock.now();
        consumers.save(&checkpoint).await?;
        Sent::note(self.sent.as_ref(), consumers, &self.id).await?;
        transaction.commit().await?;
        self.sent = self.sent.take().map(|_| Sent::default());
        telemetry::taken(telemetry::Batch {
            id: &self.id,
            events: self.progress.events,
            read_to: self.progress.position,
            watermark: self.progress.watermark,
            event_at: checkpoint.event_at,
            now: checkpoint.changed_at,
            parked: self.blocked.len(),
            elapsed: begun.elapsed(),
        });
        self.progress.settle();
        freed.iter().for_each(|delivery| self.expect(delivery));
        refuse_paused(&checkpoint)
    }

    /// Looks whether the checkpoint is as it should be.
    pub(super) async fn look_up(&mut self) -> Result<(), Halt> {
        let checkpoints = consumers(&*self.store)?
            .checkpoints(Some(&self.id.consumer))
            .await?;
        let checkpoint = checkpoints.iter().find(|it| it.id == self.id);
        let checkpoint = checkpoint.ok_or(Halt::Lost)?;
        self.fence(checkpoint)?;
        refuse_paused(checkpoint)
    }

    /// Deliveries that are due by a time, the first of them by position.
    pub(super) async fn due_by(
        &self,
        time: DateTime<Utc>,
        limit: Option<usize>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let query = DeliveryQuery {
            consumer: Some(self.id.consumer.clone()),
            build: Some(self.id.build),
            due_by: Some(time),
            limit,
            ..DeliveryQuery::default()
        };
        consumers(&*self.store)?.deliveries(&query).await
    }

    /// Writes down what has become of a delivery that was due: nothing is left of it, or this.
    /// Returns the one with which its stream goes on, if it does.
    pub(super) async fn settle(
        &mut self,
        was: &Delivery,
        outcome: Option<Delivery>,
    ) -> Result<Option<Delivery>, Halt> {
        let (mut transaction, checkpoint) = self.locked().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let query = DeliveryQuery {
            position: Some(was.position),
            consumer: Some(self.id.consumer.clone()),
            build: Some(self.id.build),
            ..DeliveryQuery::default()
        };
        let now = consumers.deliveries(&query).await?.pop();
        if now.is_none_or(|now| matches!(now.state, DeliveryState::Skipped { .. })) {
            // Somebody has decided meanwhile, and has let the stream go on.
            transaction.rollback().await?;
            return Ok(None);
        }
        match &outcome {
            Some(outcome) => consumers.put_delivery(outcome).await?,
            None => {
                let (consumer, build) = (&self.id.consumer, self.id.build);
                consumers
                    .remove_delivery(consumer, build, was.position)
                    .await?;
            }
        }
        let blocks = outcome.as_ref().is_some_and(blocks);
        let mut next = None;
        if blocks && !self::blocks(was) {
            note_ahead(&mut *transaction, &checkpoint, was).await?;
        } else if !blocks && self::blocks(was) {
            let released = go_on(&mut *transaction, &checkpoint, was, self.clock.now()).await?;
            match released {
                Released::GoesOn(delivery) => next = Some(*delivery),
                Released::Free => {
                    self.blocked.remove(&was.stream);
                }
                Released::Waits => {}
            }
        }
        let consumers = consumers_of(&mut *transaction)?;
        Sent::note(self.sent.as_ref(), consumers, &self.id).await?;
        transaction.commit().await?;
        self.sent = self.sent.take().map(|_| Sent::default());
        if let Some(outcome) = &outcome {
            self.expect(outcome);
        }
        refuse_paused(&checkpoint).map(|()| next)
    }

    /// Takes a delivery into account that is to be made, or to be waited for.
    pub(super) fn expect(&mut self, delivery: &Delivery) {
        if let DeliveryState::Retrying { at } | DeliveryState::Scheduled { at } = delivery.state {
            self.expect_due(at);
        }
        if blocks(delivery) {
            self.blocked.insert(delivery.stream.clone());
        }
    }

    /// A transaction that has the checkpoint locked, as long as it is ours.
    async fn locked(&self) -> Result<(Box<dyn Transaction>, Box<Checkpoint>), Halt> {
        if self.is_lost {
            return Err(Halt::Lost);
        }
        let mut transaction = self.store.begin().await?;
        let locked = consumers_of(&mut *transaction)?
            .lock(&self.id, Wait::ForOthers)
            .await?;
        let checkpoint = match locked {
            Locked::Taken(checkpoint) => self.fence(&checkpoint).map(|()| checkpoint),
            Locked::Busy | Locked::Missing => Err(Halt::Lost),
        };
        match checkpoint {
            Ok(checkpoint) => Ok((transaction, checkpoint)),
            Err(halt) => {
                transaction.rollback().await?;
                Err(halt)
            }
        }
    }

    fn fence(&self, checkpoint: &Checkpoint) -> Result<(), Halt> {
        if self.lease.covers(checkpoint) && checkpoint.position == self.progress.written {
            Ok(())
        } else {
            Err(Halt::Lost)
        }
    }
}

fn refuse_paused(checkpoint: &Checkpoint) -> Result<(), Halt> {
    match checkpoint.condition {
        Condition::Paused => Err(Halt::Paused),
        _ => Ok(()),
    }
}

/// Whether later events of the stream wait for a delivery.
fn blocks(delivery: &Delivery) -> bool {
    matches!(
        delivery.state,
        DeliveryState::Parked | DeliveryState::Retrying { .. }
    )
}
