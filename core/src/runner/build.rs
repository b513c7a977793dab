//! One build of a projection, taking pages of the log.

use std::sync::Arc;
use std::time::Instant;

use rehydrate_port::{
    BoxError, Checkpoint, CheckpointId, Condition, ConsumerKind, ConsumerTransaction, EventStore,
    Locked, LogPage, Position, Role, StoreError, StoredEvent, Transaction, Wait,
};
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::projection::{AnyProjection, Folder, Held, park, shard_of};
use crate::telemetry;

/// Takes events into one shard of one build.
pub(crate) struct Build {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) clock: Arc<dyn Clock>,
    projection: Arc<dyn AnyProjection>,
    pub(super) id: CheckpointId,
    pub(super) shards: u32,
    role: Role,
    pub(super) folder: Box<dyn Folder>,
    pub(super) held: Held,
    /// The revision at which folder and held streams were known.
    pub(super) revision: Option<u64>,
}

/// What became of a page.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It was taken, and the checkpoint stands at its end.
    Advanced(Box<Checkpoint>),
    /// Somebody else has the checkpoint.
    Busy,
    /// The checkpoint is not where the page begins: somebody else has moved it.
    Moved,
    /// Somebody has told the projection to stand still.
    Paused,
    /// The build is gone, has another role, or is of another definition.
    NotOurs,
}

/// Some events in order, and what the checkpoint will be after them.
#[derive(Clone, Copy)]
struct Piece<'a> {
    from: Position,
    events: &'a [StoredEvent<'a>],
    read_to: Position,
    watermark: Position,
}

impl Build {
    pub(crate) fn new(
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        projection: Arc<dyn AnyProjection>,
        checkpoint: &Checkpoint,
        shards: u32,
    ) -> Self {
        let folder = projection.folder();
        Self {
            store,
            clock,
            projection,
            id: checkpoint.id.clone(),
            shards,
            role: checkpoint.role,
            folder,
            held: Held::default(),
            revision: None,
        }
    }

    pub(crate) fn id(&self) -> &CheckpointId {
        &self.id
    }

    /// Takes a page that was read after `from`, in one transaction.
    ///
    /// If the database refuses one of the rows, the page is taken in parts, down to the event that
    /// is at fault, which is parked.
    pub(crate) async fn take(
        &mut self,
        from: Position,
        page: &LogPage,
    ) -> Result<Taken, StoreError> {
        let events: Vec<StoredEvent<'_>> = page.events.iter().collect();
        let mut pieces = vec![(0..events.len(), page.read_to)];
        let mut from = from;
        let mut last = Taken::Moved;
        while let Some((range, read_to)) = pieces.pop() {
            let piece = Piece {
                from,
                events: &events[range.clone()],
                read_to,
                watermark: page.watermark,
            };
            let taken = match self.attempt(piece, None).await {
                Err(StoreError::BadRow { .. }) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    pieces.push((middle..range.end, read_to));
                    pieces.push((range.start..middle, events[middle - 1].position));
                    continue;
                }
                Err(error @ StoreError::BadRow { .. }) if range.len() == 1 => {
                    self.attempt(piece, Some(error.into())).await?
                }
                taken => taken?,
            };
            if !matches!(taken, Taken::Advanced(_)) {
                return Ok(taken);
            }
            last = taken;
            from = read_to;
        }
        Ok(last)
    }

    async fn attempt(
        &mut self,
        piece: Piece<'_>,
        fault: Option<BoxError>,
    ) -> Result<Taken, StoreError> {
        let begun = Instant::now();
        let span = tracing::debug_span!(
            "take",
            consumer = self.id.consumer,
            build = self.id.build,
            shard = self.id.shard,
            from = piece.from.get(),
            to = piece.read_to.get(),
            events = piece.events.len(),
        );
        let taken = self.in_transaction(piece, fault).instrument(span).await;
        if let Ok(Taken::Advanced(checkpoint)) = &taken {
            telemetry::taken(telemetry::Batch {
                id: &self.id,
                events: self.own(piece.events),
                read_to: piece.read_to,
                watermark: piece.watermark,
                event_at: checkpoint.event_at,
                now: checkpoint.changed_at,
                parked: self.held.parked(),
                elapsed: begun.elapsed(),
            });
        } else {
            // What is remembered may not be what is stored.
            self.revision = None;
        }
        taken
    }

    async fn in_transaction(
        &mut self,
        piece: Piece<'_>,
        fault: Option<BoxError>,
    ) -> Result<Taken, StoreError> {
        let mut transaction = self.store.begin().await?;
        let locked = consumers_of(&mut *transaction)?
            .lock(&self.id, Wait::ForNobody)
            .await?;
        let mut checkpoint = match self.may_take(locked, piece.from) {
            Ok(checkpoint) => checkpoint,
            Err(taken) => {
                transaction.rollback().await?;
                return Ok(taken);
            }
        };
        let consumers = consumers_of(&mut *transaction)?;
        match fault {
            Some(error) => {
                let event = &piece.events[0];
                self.park(consumers, &checkpoint, event, &error).await?;
            }
            None => {
                self.project(consumers, &checkpoint, piece.events).await?;
            }
        }
        self.advance(consumers, &mut checkpoint, &piece).await?;
        transaction.commit().await?;
        self.revision = Some(checkpoint.revision);
        Ok(Taken::Advanced(checkpoint))
    }

    /// How many of some events are of this shard.
    fn own(&self, events: &[StoredEvent<'_>]) -> usize {
        let shard = |event: &StoredEvent<'_>| {
            shard_of(event.category, event.stream_id, self.shards) == self.id.shard
        };
        events.iter().filter(|event| shard(event)).count()
    }

    /// Takes events inside a transaction that has the checkpoint locked.
    pub(crate) async fn project(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        events: &[StoredEvent<'_>],
    ) -> Result<(), StoreError> {
        if self.revision != Some(checkpoint.revision) {
            self.folder.forget();
            if checkpoint.position == Position::ZERO && checkpoint.revision == 0 {
                self.folder.begin_empty();
            }
            self.held = Held::read(consumers, &self.id).await?;
        }
        let wanted: Vec<StoredEvent<'_>> = events
            .iter()
            .filter(|event| {
                shard_of(event.category, event.stream_id, self.shards) == self.id.shard
                    && self.held.admits(event)
            })
            .copied()
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let physical = checkpoint.physical_table().unwrap_or_default();
        let poisoned = self.folder.project(consumers, &physical, &wanted).await?;
        for poisoned in poisoned {
            let event = &wanted[poisoned.index];
            self.park(consumers, checkpoint, event, &poisoned.error)
                .await?;
        }
        Ok(())
    }

    async fn park(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &Checkpoint,
        event: &StoredEvent<'_>,
        error: &BoxError,
    ) -> Result<(), StoreError> {
        let delivery = park(checkpoint, event, error, self.clock.now())?;
        consumers.put_delivery(&delivery).await?;
        self.held.park(&delivery);
        Ok(())
    }

    /// Moves the checkpoint to the end of a piece.
    async fn advance(
        &mut self,
        consumers: &mut dyn ConsumerTransaction,
        checkpoint: &mut Checkpoint,
        piece: &Piece<'_>,
    ) -> Result<(), StoreError> {
        if self.held.has_ahead() {
            consumers.forget_ahead(&self.id, piece.read_to).await?;
        }
        checkpoint.position = piece.read_to;
        checkpoint.condition = if piece.read_to < piece.watermark {
            Condition::CatchingUp
        } else {
            Condition::Live
        };
        if let Some(event) = piece.events.last() {
            checkpoint.event_at = Some(event.recorded_at);
        }
        checkpoint.changed_at = self.clock.now();
        consumers.save(checkpoint).await?;
        checkpoint.revision += 1;
        Ok(())
    }

    /// Whether the build is still what it was, and made with this definition.
    pub(super) fn is_ours(&self, checkpoint: &Checkpoint) -> bool {
        let version = self.projection.definition().version;
        checkpoint.kind == ConsumerKind::Projection
            && checkpoint.role == self.role
            && checkpoint.definition == version
    }

    fn may_take(&self, locked: Locked, from: Position) -> Result<Box<Checkpoint>, Taken> {
        let checkpoint = match locked {
            Locked::Taken(checkpoint) => checkpoint,
            Locked::Busy => return Err(Taken::Busy),
            Locked::Missing => return Err(Taken::NotOurs),
        };
        if !self.is_ours(&checkpoint) {
            Err(Taken::NotOurs)
        } else if self.role == Role::Live && checkpoint.condition == Condition::Paused {
            Err(Taken::Paused)
        } else if checkpoint.position != from {
            Err(Taken::Moved)
        } else {
            Ok(checkpoint)
        }
    }
}

/// What a transaction keeps for consumers.
pub(crate) fn consumers_of(
    transaction: &mut dyn Transaction,
) -> Result<&mut dyn ConsumerTransaction, StoreError> {
    transaction.consumers().ok_or_else(|| StoreError::Backend {
        action: "keep projections and reactors",
        source: "this store keeps events only".into(),
    })
}
