//! Publishing again what was published before.

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, ConsumerKind, ConsumerTransaction, Delivery,
    DeliveryQuery, DeliveryState, Locked, LogCount, LogQuery, Position, RelayRecord, StoreError,
    Wait,
};

use super::{OperationError, Operations};
use crate::runner::{consumers, consumers_of};

/// How far back a relay is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewindTo {
    /// Everything is published again, to whichever broker the relay has then.
    Beginning,
    /// What comes after this position is published again.
    Position(Position),
    /// Every event that was recorded at this time or later is published again.
    ///
    /// An import may have recorded old times late in the log, and what has come after the first of
    /// these events is published again with it.
    Time(DateTime<Utc>),
}

/// A relay that goes back, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewind {
    /// The relay.
    pub relay: String,
    /// The broker, as its publisher calls itself, if that is known.
    pub destination: Option<String>,
    /// Where it stands.
    pub from: Position,
    /// Where it goes on.
    pub to: Position,
    /// How many events lie between: so many are published again, but for those that the relay's
    /// route keeps back.
    pub events: u64,
    /// How many of them wait, because they or one before them in their stream were not taken: they
    /// are no dead letters any more, and are sent in the order of the log.
    pub released: usize,
    /// How many of them were skipped, and stay so: they are not published.
    pub skipped: usize,
}

impl Operations {
    /// Says what [`Operations::rewind`] would do now.
    ///
    /// # Errors
    /// As for [`Operations::rewind`].
    pub async fn plan_rewind(&self, relay: &str, to: RewindTo) -> Result<Rewind, OperationError> {
        let checkpoint = self.relay(relay).await?;
        let record = self.record(&checkpoint.id).await?;
        let to = self.place(&checkpoint, &record.categories, to).await?;
        let all = consumers(&*self.store)?
            .deliveries(&letters(&checkpoint.id))
            .await?;
        let behind = Behind::of(all, to);
        let from = checkpoint.position;
        let events = self.count(&record.categories, to, from).await?;
        Ok(outcome(record, from, to, events, &behind))
    }

    /// Has a relay publish again what it has published before, in the order of the log.
    ///
    /// It may run meanwhile, here or elsewhere: it notices within a moment, and goes on from there.
    /// Those who read the broker know the events by stream and version, and take none twice. Dead
    /// letters among them are settled by it: what has waited is sent again where it stands in the log.
    /// One of an earlier event stays, and holds its stream as before. What was skipped stays skipped.
    ///
    /// Only relays go back. A reactor would repeat its effects, and a projection is rebuilt.
    ///
    /// # Errors
    /// [`OperationError::NotARelay`], [`OperationError::NotBehind`]: nothing was done. Otherwise as
    /// for [`Operations::pause`].
    pub async fn rewind(&self, relay: &str, to: RewindTo) -> Result<Rewind, OperationError> {
        let checkpoint = self.relay(relay).await?;
        let id = checkpoint.id.clone();
        let record = self.record(&id).await?;
        let to = self.place(&checkpoint, &record.categories, to).await?;
        // Before the lock, so that nothing can fail once it is done, and those who wait for the lock
        // may have all connections.
        let mut from = checkpoint.position;
        let mut events = self.count(&record.categories, to, from).await?;
        let (mut transaction, checkpoint) = loop {
            let mut transaction = self.store.begin().await?;
            let consumers = consumers_of(&mut *transaction)?;
            let checkpoint = match consumers.lock(&id, Wait::ForOthers).await? {
                Locked::Taken(locked) => *locked,
                Locked::Missing | Locked::Busy => checkpoint.clone(),
            };
            let now = checkpoint.position;
            if now == from {
                break (transaction, checkpoint);
            }
            transaction.rollback().await?;
            refuse_ahead(&checkpoint, to)?;
            // It has moved on meanwhile, or somebody else has had it go back.
            let (counted, after) = if now > from { (events, from) } else { (0, to) };
            events = counted + self.count(&record.categories, after, now).await?;
            from = now;
        };
        if from <= to {
            transaction.rollback().await?;
            return Ok(outcome(record, from, to, 0, &Behind::default()));
        }
        let consumers = consumers_of(&mut *transaction)?;
        let behind = Behind::of(consumers.deliveries(&letters(&id)).await?, to);
        release(consumers, &id, to, &behind).await?;
        consumers
            .save(&Checkpoint {
                position: to,
                condition: match &checkpoint.condition {
                    Condition::Live => Condition::CatchingUp,
                    other => other.clone(),
                },
                event_at: None,
                changed_at: self.now(),
                ..checkpoint
            })
            .await?;
        transaction.commit().await?;
        Ok(outcome(record, from, to, events, &behind))
    }

    async fn count(
        &self,
        categories: &[String],
        after: Position,
        until: Position,
    ) -> Result<u64, StoreError> {
        let count = LogCount {
            categories: categories.to_vec(),
            after,
            until,
        };
        consumers(&*self.store)?.count_log(&count).await
    }

    async fn record(&self, id: &CheckpointId) -> Result<RelayRecord, StoreError> {
        let all = consumers(&*self.store)?.relays(Some(&id.consumer)).await?;
        let own = all.into_iter().find(|it| it.build == id.build);
        Ok(own.unwrap_or_else(|| RelayRecord::new(&id.consumer, id.build)))
    }

    async fn relay(&self, name: &str) -> Result<Checkpoint, OperationError> {
        let live = self.live(name).await?;
        let relay = live.into_iter().find(|it| it.kind == ConsumerKind::Relay);
        relay.ok_or_else(|| OperationError::NotARelay {
            consumer: name.to_owned(),
        })
    }

    /// The position after which everything is to be published again.
    async fn place(
        &self,
        checkpoint: &Checkpoint,
        categories: &[String],
        to: RewindTo,
    ) -> Result<Position, OperationError> {
        let position = match to {
            RewindTo::Beginning => Position::ZERO,
            RewindTo::Position(position) => position,
            RewindTo::Time(time) => self.before(checkpoint.position, categories, time).await?,
        };
        refuse_ahead(checkpoint, position)?;
        Ok(position)
    }

    /// The last position before the first event that was recorded at a time or later.
    async fn before(
        &self,
        end: Position,
        categories: &[String],
        time: DateTime<Utc>,
    ) -> Result<Position, StoreError> {
        let mut query = LogQuery {
            categories: categories.to_vec(),
            ..LogQuery::after(Position::ZERO)
        };
        while query.after < end {
            let page = self.store.read_log(&query).await?;
            let first = page.events.iter().find(|it| it.recorded_at >= time);
            if let Some(first) = first {
                return Ok(Position(first.position.get().saturating_sub(1)).min(end));
            }
            if page.read_to <= query.after {
                break;
            }
            query.after = page.read_to;
        }
        Ok(end)
    }
}

/// The deliveries after the position to which a relay goes back.
#[derive(Debug, Default)]
struct Behind {
    waiting: Vec<Position>,
    skipped: usize,
}

impl Behind {
    fn of(all: Vec<Delivery>, to: Position) -> Self {
        let mut behind = Self::default();
        for delivery in all.into_iter().filter(|it| it.position > to) {
            match delivery.state {
                DeliveryState::Skipped { .. } => behind.skipped += 1,
                _ => behind.waiting.push(delivery.position),
            }
        }
        behind
    }
}

fn outcome(
    record: RelayRecord,
    from: Position,
    to: Position,
    events: u64,
    behind: &Behind,
) -> Rewind {
    Rewind {
        relay: record.consumer,
        destination: record.destination,
        from,
        to,
        events,
        released: behind.waiting.len(),
        skipped: behind.skipped,
    }
}

fn refuse_ahead(checkpoint: &Checkpoint, asked: Position) -> Result<(), OperationError> {
    if asked > checkpoint.position {
        return Err(OperationError::NotBehind {
            consumer: checkpoint.id.consumer.clone(),
            asked,
            position: checkpoint.position,
        });
    }
    Ok(())
}

/// Leaves what waits after a position to the log. What was skipped stays on file.
async fn release(
    consumers: &mut dyn ConsumerTransaction,
    id: &CheckpointId,
    after: Position,
    behind: &Behind,
) -> Result<(), StoreError> {
    for position in &behind.waiting {
        consumers
            .remove_delivery(&id.consumer, id.build, *position)
            .await?;
    }
    let ahead = consumers.ahead(id).await?;
    if let Some(last) = ahead.iter().map(|it| it.position).max() {
        consumers.forget_ahead(id, last).await?;
        for kept in ahead.iter().filter(|it| it.position <= after) {
            consumers.put_ahead(id, kept).await?;
        }
    }
    Ok(())
}

fn letters(id: &CheckpointId) -> DeliveryQuery {
    DeliveryQuery {
        consumer: Some(id.consumer.clone()),
        build: Some(id.build),
        ..DeliveryQuery::default()
    }
}
