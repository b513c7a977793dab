//! One build of a projection, taking events from a source.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use rehydrate_port::{
    BoxError, Checkpoint, CheckpointId, Condition, ConsumerKind, ConsumerTransaction, Delivery,
    DeliveryQuery, FeedPlace, LastFed, Locked, Offset, Position, Role, StoreError, StoredEvent,
    StreamId, Version, Wait, WaitingEvent,
};

use super::incoming::Incoming;
use super::{FeedError, Settings};
use crate::projection::{Folder, park};
use crate::runner::consumers_of;
use crate::telemetry;

/// Of so many streams the last event is remembered from one batch to the next.
const MAX_STREAMS: usize = 100_000;

/// Takes events into one build.
pub(super) struct Intake {
    pub(super) settings: Arc<Settings>,
    pub(super) id: CheckpointId,
    role: Role,
    pub(super) folder: Box<dyn Folder>,
    /// The streams that wait because one of their events has failed.
    blocked: HashSet<StreamId>,
    last: HashMap<StreamId, Option<(Version, u32)>>,
    /// The revision at which all this was known.
    pub(super) revision: Option<u64>,
}

/// Some events that were read together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    pub(super) events: &'a [Incoming],
    /// The offset that the build has if nobody else has taken anything since.
    pub(super) from: Option<&'a Offset>,
    /// The offset that it has afterwards.
    pub(super) to: Option<&'a Offset>,
    pub(super) is_at_end: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Taken {
    /// It was taken: the checkpoint, and how many events were new.
    Advanced(Box<Checkpoint>, u64),
    /// Somebody else has the checkpoint.
    Busy,
    /// Somebody else has taken something.
    Moved,
    /// Somebody has told the projection to stand still.
    Paused,
    /// The build is gone, has another role, or is of another definition.
    NotOurs,
}

/// The events of a batch that are new, with their numbers.
struct New<'a> {
    fold: Vec<(Position, &'a Incoming)>,
    wait: Vec<(Position, &'a Incoming)>,
    last: Vec<LastFed>,
}

impl Intake {
    pub(super) fn new(settings: &Arc<Settings>, checkpoint: &Checkpoint) -> Self {
        Self {
            settings: Arc::clone(settings),
            id: checkpoint.id.clone(),
            role: checkpoint.role,
            folder: settings.projection.folder(),
            blocked: HashSet::new(),
            last: HashMap::new(),
            revision: None,
        }
    }

    /// Takes a batch: rows, what was taken of each stream, and the offset, in one transaction.
    ///
    /// If the database refuses one of the rows, the batch is taken in parts, down to the event that
    /// is at fault, which is parked. Only the last part moves the offset; whatever comes in between
    /// is known by its versions when it is read again.
    pub(super) async fn take(&mut self, batch: Batch<'_>) -> Result<Taken, FeedError> {
        let mut parts: Vec<Range<usize>> = std::iter::once(0..batch.events.len()).collect();
        let mut new = 0;
        let mut last = Taken::Moved;
        while let Some(part) = parts.pop() {
            let is_last = parts.is_empty();
            let piece = Batch {
                events: &batch.events[part.clone()],
                to: if is_last { batch.to } else { batch.from },
                is_at_end: batch.is_at_end && is_last,
                ..batch
            };
            let taken = match self.attempt(piece, None).await {
                Err(FeedError::Store(StoreError::BadRow { .. })) if part.len() > 1 => {
                    let middle = part.start + part.len() / 2;
                    parts.push(middle..part.end);
                    parts.push(part.start..middle);
                    continue;
                }
                Err(FeedError::Store(error @ StoreError::BadRow { .. })) if part.len() == 1 => {
                    self.attempt(piece, Some(&error.into())).await?
                }
                taken => taken?,
            };
            match taken {
                Taken::Advanced(checkpoint, count) => {
                    new += count;
                    last = Taken::Advanced(checkpoint, new);
                }
                other => return Ok(other),
            }
        }
        Ok(last)
    }

    async fn attempt(
        &mut self,
        piece: Batch<'_>,
        fault: Option<&BoxError>,
    ) -> Result<Taken, FeedError> {
        let begun = Instant::now();
        // What is remembered is not what is stored, until it is known how this ends.
        let known = self.revision.take();
        let taken = self.in_transaction(piece, fault, known).await?;
        if let Taken::Advanced(checkpoint, new) = &taken {
            self.revision = Some(checkpoint.revision);
            telemetry::taken(telemetry::Batch {
                id: &self.id,
                events: usize::try_from(*new).unwrap_or(usize::MAX),
                read_to: checkpoint.position,
                watermark: checkpoint.position,
                event_at: checkpoint.event_at,
                now: checkpoint.changed_at,
                parked: self.blocked.len(),
                elapsed: begun.elapsed(),
            });
        }
        Ok(taken)
    }

    async fn in_transaction(
        &mut self,
        piece: Batch<'_>,
        fault: Option<&BoxError>,
        known: Option<u64>,
    ) -> Result<Taken, FeedError> {
        let store = Arc::clone(&self.settings.store);
        let mut transaction = store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let locked = consumers.lock(&self.id, Wait::ForNobody).await?;
        let mut checkpoint = match self.may_take(consumers, locked, piece.from).await? {
            Ok(checkpoint) => checkpoint,
            Err(taken) => {
                transaction.rollback().await?;
                return Ok(taken);
            }
        };
        if known != Some(checkpoint.revision) {
            self.look_up(consumers, &checkpoint).await?;
        }
        let new = self
            .new_ones(consumers, &mut checkpoint, piece.events)
            .await?;
        let (consumer, build) = (&*self.id.consumer, self.id.build);
        for (position, event) in &new.wait {
            let waiting = waiting(*position, event)?;
            consumers.put_waiting(consumer, build, &waiting).await?;
        }
        match (fault, new.fold.first()) {
            (Some(error), Some(first)) => {
                self.park(consumers, &checkpoint, *first, error).await?;
            }
            _ => self.fold(consumers, &checkpoint, &new.fold).await?,
        }
        let (consumer, build) = (&*self.id.consumer, self.id.build);
        consumers.put_last_fed(consumer, build, &new.last).await?;
        let place = FeedPlace {
            consumer: consumer.to_owned(),
            build,
            origin: self.settings.source.origin(),
            offset: piece.to.cloned(),
        };
        consumers.put_feed(&place).await?;
        checkpoint.condition = if piece.is_at_end {
            Condition::Live
        } else {
            Condition::CatchingUp
        };
        checkpoint.changed_at = self.settings.clock.now();
        consumers.save(&checkpoint).await?;
        transaction.commit().await?;
        checkpoint.revision += 1;
        let count = new.fold.len() + new.wait.len();
        Ok(Taken::Advanced(checkpoint, count as u64))
    }

    async fn may_take(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        locked: Locked,
        from: Option<&Offset>,
    ) -> Result<Result<Box<Checkpoint>, Taken>, FeedError> {
        let checkpoint = match locked {
            Locked::Taken(checkpoint) if self.is_ours(&checkpoint) => checkpoint,
            Locked::Busy => return Ok(Err(Taken::Busy)),
            Locked::Taken(_) | Locked::Missing => return Ok(Err(Taken::NotOurs)),
        };
        if self.role == Role::Live && checkpoint.condition == Condition::Paused {
            return Ok(Err(Taken::Paused));
        }
        let place = consumers.feed(&self.id.consumer, self.id.build).await?;
        if let Some(place) = &place {
            self.settings.check_origin(place)?;
        }
        let offset = place.and_then(|place| place.offset);
        if offset.as_ref() != from {
            return Ok(Err(Taken::Moved));
        }
        Ok(Ok(checkpoint))
    }

    /// Whether the build is still what it was, and made with this definition.
    pub(super) fn is_ours(&self, checkpoint: &Checkpoint) -> bool {
        checkpoint.kind == ConsumerKind::Feed
            && checkpoint.role == self.role
            && self.settings.projection.definition().is_of(checkpoint)
    }

    async fn look_up(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        self.folder.forget();
        if checkpoint.position == Position::ZERO && checkpoint.revision == 0 {
            self.folder.begin_empty();
        }
        let query = DeliveryQuery {
            consumer: Some(self.id.consumer.clone()),
            build: Some(self.id.build),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        let blocking = consumers.deliveries(&query).await?;
        self.blocked = blocking.into_iter().map(|it| it.stream).collect();
        self.last.clear();
        Ok(())
    }

    /// Gives a number to each event that was not taken before, and notes it as taken.
    async fn new_ones<'a>(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &mut Checkpoint,
        events: &'a [Incoming],
    ) -> Result<New<'a>, StoreError> {
        if self.last.len() > MAX_STREAMS {
            self.last.clear();
        }
        let streams: BTreeSet<&StreamId> = events.iter().map(|event| &event.stream).collect();
        let unknown = streams.into_iter().filter(|it| !self.last.contains_key(it));
        let unknown: Vec<StreamId> = unknown.cloned().collect();
        let found = consumers
            .last_fed(&self.id.consumer, self.id.build, &unknown)
            .await?;
        self.last.extend(unknown.into_iter().map(|it| (it, None)));
        for found in found {
            let order = (found.version, found.part);
            self.last.insert(found.stream, Some(order));
        }
        let mut new = New {
            fold: Vec::new(),
            wait: Vec::new(),
            last: Vec::new(),
        };
        let mut changed: BTreeSet<&StreamId> = BTreeSet::new();
        for event in events {
            let order = event.order();
            let last = self.last.entry(event.stream.clone()).or_default();
            if last.is_some_and(|last| order <= last) {
                continue;
            }
            *last = Some(order);
            changed.insert(&event.stream);
            checkpoint.position.0 += 1;
            checkpoint.event_at = Some(event.stored().recorded_at);
            let list = if self.blocked.contains(&event.stream) {
                &mut new.wait
            } else {
                &mut new.fold
            };
            list.push((checkpoint.position, event));
        }
        for stream in changed {
            if let Some(Some((version, part))) = self.last.get(stream) {
                new.last.push(LastFed {
                    stream: stream.clone(),
                    version: *version,
                    part: *part,
                });
            }
        }
        Ok(new)
    }

    /// Applies events; those that fail are parked, and what comes after them in their streams waits.
    async fn fold(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        events: &[(Position, &Incoming)],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let physical = checkpoint.physical_table().unwrap_or_default();
        let stored: Vec<StoredEvent<'_>> = events.iter().map(|(_, it)| it.stored()).collect();
        let poisoned = self.folder.project(consumers, &physical, &stored).await?;
        for poisoned in poisoned {
            let failed = events[poisoned.index];
            self.park(consumers, checkpoint, failed, &poisoned.error)
                .await?;
            let later = &events[poisoned.index + 1..];
            for (position, event) in later.iter().filter(|(_, it)| it.stream == failed.1.stream) {
                let waiting = waiting(*position, event)?;
                consumers
                    .put_waiting(&self.id.consumer, self.id.build, &waiting)
                    .await?;
            }
        }
        Ok(())
    }

    async fn park(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        (position, event): (Position, &Incoming),
        error: &BoxError,
    ) -> Result<(), StoreError> {
        let delivery = Delivery {
            position,
            ..park(
                checkpoint,
                &event.stored(),
                error,
                self.settings.clock.now(),
            )?
        };
        consumers.put_delivery(&delivery).await?;
        let waiting = waiting(position, event)?;
        consumers
            .put_waiting(&self.id.consumer, self.id.build, &waiting)
            .await?;
        self.blocked.insert(delivery.stream);
        Ok(())
    }
}

fn waiting(position: Position, event: &Incoming) -> Result<WaitingEvent, StoreError> {
    let text = event.to_json().map_err(|source| StoreError::Backend {
        action: "keep an event that waits",
        source: source.into(),
    })?;
    Ok(WaitingEvent {
        position,
        stream: event.stream.clone(),
        event: text,
    })
}
