//! Replaying a part of the log over the rows that are there.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{BoxError, EventStore, Position, Role, StoreError, StoredEvent};

use super::{Rebuild, RebuildError, of_role};
use crate::projection::{Held, Projection, shard_of};
use crate::runner::consumers_of;

/// Replays a part of the log over the live rows of an idempotent projection.
///
/// Events are chosen by position, by recorded time and by type; without a choice it is all of
/// them. Each is compared by itself: an imported event carries an old time at a new position.
///
/// ```
/// # use chrono::{DateTime, Utc};
/// # use rehydrate::{MemoryStore, Projection, Replay};
/// # async fn show<P: Projection>(store: MemoryStore, addresses: P, monday: DateTime<Utc>)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// let replayed = Replay::new(store, addresses)
///     .since(monday)
///     .of_types(["moved", "renamed"])
///     .run()
///     .await?;
/// # let _: u64 = replayed;
/// # Ok(())
/// # }
/// ```
///
/// A projection that is not idempotent, such as one that adds, is refused: rebuild it.
#[derive(Debug)]
#[must_use = "nothing is replayed before `run`"]
pub struct Replay {
    rebuild: Rebuild,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    after: Position,
    up_to: Option<Position>,
    types: BTreeSet<String>,
}

impl Replay {
    /// A replay of the whole log.
    pub fn new<P: Projection>(store: impl EventStore, projection: P) -> Self {
        Self::of(Rebuild::new(store, projection))
    }

    pub(crate) fn of(rebuild: Rebuild) -> Self {
        Self {
            rebuild,
            since: None,
            until: None,
            after: Position::ZERO,
            up_to: None,
            types: BTreeSet::new(),
        }
    }

    /// Only events recorded at this time or later.
    pub fn since(mut self, time: DateTime<Utc>) -> Self {
        self.since = Some(time);
        self
    }

    /// Only events recorded at this time or before.
    pub fn until(mut self, time: DateTime<Utc>) -> Self {
        self.until = Some(time);
        self
    }

    /// Only events after this position.
    pub fn after(mut self, position: Position) -> Self {
        self.after = position;
        self
    }

    /// Only events up to this position.
    pub fn up_to(mut self, position: Position) -> Self {
        self.up_to = Some(position);
        self
    }

    /// Only events that are stored with one of these types.
    ///
    /// That is what stands in the log, not what it means today: an event from before a rename has its
    /// old name, so name the aliases, too; and one that is split today is chosen whole, by the type it
    /// was stored with.
    pub fn of_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.types.extend(types.into_iter().map(Into::into));
        self
    }

    /// Replays, up to where the live projection has come, and returns how many events that were.
    ///
    /// An older event is applied over what newer ones have left: where rows are overwritten, choose so
    /// that the newest event of each row is among those that are replayed.
    ///
    /// # Errors
    /// [`ReplayError::NotIdempotent`] says what to do instead. [`ReplayError::Event`]: what came
    /// before it has been replayed, and may be again.
    pub async fn run(self) -> Result<u64, ReplayError> {
        let definition = self.rebuild.definition().clone();
        if !definition.is_idempotent {
            return Err(ReplayError::NotIdempotent {
                consumer: definition.name.to_owned(),
            });
        }
        self.rebuild.live_of_ours().await?;
        let mut replayed = 0;
        let mut position = self.after;
        loop {
            let all = self.rebuild.checkpoints().await?;
            let live: Vec<_> = of_role(&all, Role::Live).into_iter().cloned().collect();
            let query = definition.query(position, self.rebuild.batch);
            let page = self.rebuild.store.read_log(&query).await?;
            // Not before a look that finds nothing new: what the runner has taken meanwhile may
            // have been overwritten by older events.
            if page.read_to <= position || self.up_to.is_some_and(|end| position >= end) {
                return Ok(replayed);
            }
            let chosen: Vec<StoredEvent<'_>> = page
                .events
                .iter()
                .filter(|event| self.chooses(event))
                .collect();
            for shard in &live {
                let count = u32::try_from(live.len()).unwrap_or(u32::MAX);
                replayed += self.replay(&shard.id, count, &chosen).await?;
            }
            position = page.read_to;
        }
    }

    fn chooses(&self, event: &StoredEvent<'_>) -> bool {
        self.up_to.is_none_or(|end| event.position <= end)
            && self.since.is_none_or(|since| event.recorded_at >= since)
            && self.until.is_none_or(|until| event.recorded_at <= until)
            && (self.types.is_empty() || self.types.contains(event.event_type))
    }

    async fn replay(
        &self,
        id: &rehydrate_port::CheckpointId,
        shards: u32,
        events: &[StoredEvent<'_>],
    ) -> Result<u64, ReplayError> {
        if events.is_empty() {
            return Ok(0);
        }
        let store = Arc::clone(&self.rebuild.store);
        let mut transaction = store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let checkpoint = self.rebuild.lock_live(consumers, id).await?;
        let held = Held::read(consumers, id).await?;
        let wanted: Vec<StoredEvent<'_>> = events
            .iter()
            .filter(|event| {
                shard_of(event.category, event.stream_id, shards) == id.shard
                    && (event.position <= checkpoint.position || held.is_ahead_of(event))
                    && !held.is_parked(event)
                    && !held.is_skipped(event)
            })
            .copied()
            .collect();
        let table = &self.rebuild.definition().table.name;
        let mut folder = self.rebuild.projection.folder();
        let poisoned = folder.project(consumers, table, &wanted).await?;
        if let Some(poisoned) = poisoned.into_iter().next() {
            return Err(ReplayError::Event {
                event: wanted[poisoned.index].address().to_string(),
                source: poisoned.error,
            });
        }
        consumers.save(&checkpoint).await?;
        transaction.commit().await?;
        Ok(wanted.len() as u64)
    }
}

/// Why a part of the log was not replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// Applying an event twice would change the rows.
    #[error(
        "{consumer} does not say that events may be applied to it twice: rebuild it, or declare `IDEMPOTENT = true` if they may"
    )]
    NotIdempotent {
        /// The projection.
        consumer: String,
    },
    /// An event cannot be applied.
    #[error("cannot apply {event}")]
    Event {
        /// Which one.
        event: String,
        /// Why.
        source: BoxError,
    },
    /// There is no live table of this definition.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
