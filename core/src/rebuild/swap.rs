//! Putting the shadow in the place of the live table.

use std::time::Duration;

use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, ConsumerTransaction, DeliveryQuery, ErrorKind, Locked,
    Position, Role, StoreError, StoredEvent, Wait,
};
use tracing::Instrument as _;

use super::diff::Recent;
use super::run::lowest;
use super::{Rebuild, RebuildError, of_role};
use crate::runner::{consumers, consumers_of};

/// So often a swap that meets a long reader of the table is tried.
const ATTEMPTS: u32 = 10;
/// So often the end of the log is read before the live build is held, in the hope that it has not
/// come further by then.
const READS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// What becomes of the table that was live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Old {
    /// It is kept under its own name, as it was.
    #[default]
    Keep,
    /// It is dropped, after the swap; if that fails it is kept, and [`Swapped::old_table`] says so.
    Drop,
}

/// What a swap did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swapped {
    /// The build that was live.
    pub old_build: u32,
    /// The name of its table, if it was kept.
    pub old_table: Option<String>,
    /// The build that is live now.
    pub live_build: u32,
    /// How far it is.
    pub position: Position,
}

impl Rebuild {
    /// Takes what has happened since into the shadow, then puts it in the place of the live table,
    /// with its checkpoint, in one transaction.
    ///
    /// # Errors
    /// [`RebuildError::NothingBuilt`]: rebuild first. [`RebuildError::Parked`]: some of its rows
    /// are not whole. [`RebuildError::Store`]: see its kind; nothing has been swapped, or, after
    /// [`StoreError::OutcomeUnknown`], look which build is live.
    pub async fn swap(&self, old: Old) -> Result<Swapped, RebuildError> {
        let span = self.span("swap");
        self.swap_in(old).instrument(span).await
    }

    async fn swap_in(&self, old: Old) -> Result<Swapped, RebuildError> {
        let (mut attempt, mut reads) = (1, 1);
        let mut swapped = loop {
            // What is left for the transaction is what has happened since this.
            self.go_on().await?;
            match self.try_swap(reads >= READS).await {
                Ok(Some(swapped)) => break swapped,
                Ok(None) => reads += 1,
                Err(RebuildError::Store(error))
                    if error.kind() == ErrorKind::TryAgain && attempt < ATTEMPTS =>
                {
                    tracing::debug!(attempt, error = %error, "the table is in use");
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        };
        if old == Old::Drop {
            let kept = consumers(&*self.store)?;
            let name = self.definition().name;
            match kept.drop_build(name, swapped.old_build).await {
                Ok(()) => swapped.old_table = None,
                // The swap itself has happened, and must not look as if it had not.
                Err(error) => {
                    tracing::warn!(build = swapped.old_build, %error, "the old table is kept");
                }
            }
        }
        tracing::info!(build = swapped.live_build, "swapped in");
        Ok(swapped)
    }

    /// `None` if the live build has come further than the log was read; never if `at_last`.
    async fn try_swap(&self, at_last: bool) -> Result<Option<Swapped>, RebuildError> {
        let checkpoints = self.checkpoints().await?;
        let live = ids(&checkpoints, Role::Live);
        let next = self.building(&checkpoints)?.unwrap_or_default();
        // Not while the live build is held: those who wait for it may have all other connections.
        let from = lowest(&next);
        let mut recent = self.events_after(from).await?;
        let next: Vec<CheckpointId> = next.into_iter().map(|found| found.id).collect();
        let (Some(first_live), Some(first_next)) = (live.first(), next.first()) else {
            return Err(self.nothing_built());
        };
        let (old_build, live_build) = (first_live.build, first_next.build);
        let mut transaction = self.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let mut goal = Goal {
            from,
            reached: Position::ZERO,
            condition: Condition::Live,
        };
        for id in &live {
            let checkpoint = self.locked(consumers, id, Role::Live).await?;
            goal.reached = goal.reached.max(checkpoint.position);
            if checkpoint.condition == Condition::Paused {
                goal.condition = Condition::Paused;
            }
        }
        if recent.until < goal.reached {
            if !at_last {
                transaction.rollback().await?;
                return Ok(None);
            }
            let rest = self.events_after(recent.until).await?;
            recent.events.extend(rest.events);
            recent.until = rest.until;
        }
        let mut position = None;
        for id in &next {
            let shards = u32::try_from(next.len()).unwrap_or(u32::MAX);
            let end = self
                .catch_up_in(consumers, id, shards, &recent, &goal)
                .await?;
            position = Some(position.map_or(end, |position: Position| position.min(end)));
        }
        self.refuse_parked(consumers, live_build).await?;
        let definition = self.definition();
        consumers
            .swap(definition.name, &definition.table, old_build, live_build)
            .await?;
        transaction.commit().await?;
        let table = rehydrate_port::physical_name(&definition.table.name, old_build, Role::Retired);
        Ok(Some(Swapped {
            old_build,
            old_table: Some(table),
            live_build,
            position: position.unwrap_or(Position::ZERO),
        }))
    }

    /// Takes the rest of the log into a shard, at least as far as the live build has come, so that
    /// readers never go back in time.
    async fn catch_up_in(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
        shards: u32,
        recent: &Recent,
        goal: &Goal,
    ) -> Result<Position, RebuildError> {
        let mut checkpoint = self.locked(consumers, id, Role::Building).await?;
        if checkpoint.position < goal.from {
            return Err(self.nothing_built());
        }
        let mut build = self.build_of(&checkpoint, shards);
        for page in &recent.events {
            let events: Vec<StoredEvent<'_>> = page
                .iter()
                .filter(|event| event.position > checkpoint.position)
                .collect();
            let Some(last) = events.last() else { continue };
            build.project(consumers, &checkpoint, &events).await?;
            checkpoint.event_at = Some(last.recorded_at);
            checkpoint.position = last.position;
        }
        checkpoint.position = checkpoint.position.max(recent.until);
        checkpoint.condition = goal.condition.clone();
        checkpoint.changed_at = self.clock.now();
        consumers.save(&checkpoint).await?;
        Ok(checkpoint.position)
    }

    async fn locked(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
        role: Role,
    ) -> Result<Checkpoint, RebuildError> {
        match consumers.lock(id, Wait::ForOthers).await? {
            Locked::Taken(checkpoint)
                if checkpoint.role == role
                    && (role == Role::Live || self.definition().made(&checkpoint)) =>
            {
                Ok(*checkpoint)
            }
            Locked::Taken(_) | Locked::Missing => Err(self.nothing_built()),
            Locked::Busy => Err(RebuildError::Store(StoreError::Unavailable {
                reason: format!("the checkpoint of {} is in use", id.consumer),
                source: None,
            })),
        }
    }

    async fn refuse_parked(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        build: u32,
    ) -> Result<(), RebuildError> {
        let blocking = DeliveryQuery {
            consumer: Some(self.definition().name.to_owned()),
            build: Some(build),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        match consumers.deliveries(&blocking).await?.len() {
            0 => Ok(()),
            streams => Err(RebuildError::Parked {
                consumer: self.definition().name.to_owned(),
                build,
                streams,
            }),
        }
    }
}

/// What the build must be when it goes live.
struct Goal {
    /// Here at least, or it was begun anew meanwhile.
    from: Position,
    /// At least here, so that readers never go back in time.
    reached: Position,
    /// Paused, if the live build is.
    condition: Condition,
}

fn ids(checkpoints: &[Checkpoint], role: Role) -> Vec<CheckpointId> {
    let found = of_role(checkpoints, role);
    found
        .into_iter()
        .map(|checkpoint| checkpoint.id.clone())
        .collect()
}
