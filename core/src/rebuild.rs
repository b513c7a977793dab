//! Replaying the log into a shadow of a projection, and swapping it in.

mod diff;
mod error;
mod plan;
mod replay;
mod run;
mod same;
mod stream;
mod swap;
mod verify;

use std::fmt;
use std::sync::Arc;

use rehydrate_port::{Checkpoint, ConsumerKind, EventStore, Role};

use crate::clock::{Clock, SystemClock};
use crate::projection::{AnyProjection, Definition, Erased, Projection};
use crate::runner::{consumers, new_build};

pub use self::diff::{BuildPosition, Diff, DiffRow};
pub use self::error::RebuildError;
pub use self::plan::Plan;
pub use self::replay::{Replay, ReplayError};
pub use self::run::{Built, Progress};
pub use self::stream::Refolded;
pub use self::swap::{Old, Swapped};
pub use self::verify::{Verified, WrongRow};

/// Rebuilds a projection from the log, without downtime.
///
/// It replays the log into a shadow table beside the live one, says which rows differ, and swaps
/// the two in one transaction. Until then the live table is read, and kept up to date, as if
/// nothing happened; readers see the old rows or the new ones, never none and never a mixture.
///
/// ```
/// # use rehydrate::{Old, Projection, Rebuild, MemoryStore};
/// # async fn show<P: Projection>(store: MemoryStore, balances: P)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// let rebuild = Rebuild::new(store, balances);
/// println!("{} events to replay", rebuild.plan().await?.events);
/// rebuild.run().await?;
/// for row in rebuild.diff(100).await?.rows {
///     println!("{}: {:?} becomes {:?}", row.key, row.live, row.shadow);
/// }
/// rebuild.swap(Old::Keep).await?;
/// # Ok(())
/// # }
/// ```
///
/// Each step can be taken by another process, and taken again after a crash: what has been built
/// is in the database, with its own checkpoint.
///
/// A reactor cannot be rebuilt, because a replay would send its mails again:
///
/// ```compile_fail
/// # use rehydrate::{Reactor, Rebuild, MemoryStore};
/// # fn show<R: Reactor>(store: MemoryStore, mailer: R) {
/// let rebuild = Rebuild::new(store, mailer);
/// # }
/// ```
#[derive(Clone)]
pub struct Rebuild {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    projection: Arc<dyn AnyProjection>,
    batch: usize,
    events_per_second: Option<u32>,
}

impl Rebuild {
    /// A rebuild of a projection, with this definition of it.
    #[must_use]
    pub fn new<P: Projection>(store: impl EventStore, projection: P) -> Self {
        Self::erased(
            Arc::new(store),
            Arc::new(SystemClock),
            Arc::new(Erased::new(projection)),
        )
    }

    pub(crate) fn erased(
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        projection: Arc<dyn AnyProjection>,
    ) -> Self {
        Self {
            store,
            clock,
            projection,
            batch: 5_000,
            events_per_second: None,
        }
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How many events are taken in one transaction, at most; 5,000 unless told.
    #[must_use]
    pub fn with_batch(mut self, events: usize) -> Self {
        self.batch = events.max(1);
        self
    }

    /// How many events are replayed in a second, at most, so that the database has time for
    /// others; as many as it can unless told.
    #[must_use]
    pub fn with_throttle(mut self, events_per_second: u32) -> Self {
        self.events_per_second = Some(events_per_second.max(1));
        self
    }

    /// The projection's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.definition().name
    }

    /// The version of this definition of it.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.definition().version
    }

    /// A replay of a part of the log over the live rows, if the projection is idempotent.
    pub fn replay(&self) -> Replay {
        Replay::of(self.clone())
    }

    /// Throws away what has been built so far and is not live. The next run begins anew.
    ///
    /// # Errors
    /// [`RebuildError::Store`]; see its kind.
    pub async fn discard(&self) -> Result<(), RebuildError> {
        for build in self.numbers(Role::Building).await? {
            consumers(&*self.store)?
                .drop_build(self.definition().name, build)
                .await?;
        }
        Ok(())
    }

    /// Drops the tables that were live once, and returns the numbers of their builds.
    ///
    /// # Errors
    /// [`RebuildError::Store`]; see its kind.
    pub async fn drop_retired(&self) -> Result<Vec<u32>, RebuildError> {
        let retired = self.numbers(Role::Retired).await?;
        for build in &retired {
            consumers(&*self.store)?
                .drop_build(self.definition().name, *build)
                .await?;
        }
        Ok(retired)
    }

    fn definition(&self) -> &Definition {
        self.projection.definition()
    }

    fn span(&self, step: &'static str) -> tracing::Span {
        let definition = self.definition();
        tracing::info_span!(
            "rebuild",
            step,
            consumer = definition.name,
            version = definition.version
        )
    }

    async fn checkpoints(&self) -> Result<Vec<Checkpoint>, RebuildError> {
        let name = self.definition().name;
        Ok(consumers(&*self.store)?.checkpoints(Some(name)).await?)
    }

    async fn numbers(&self, role: Role) -> Result<Vec<u32>, RebuildError> {
        let checkpoints = self.checkpoints().await?;
        let mut numbers: Vec<u32> = of_role(&checkpoints, role)
            .iter()
            .map(|checkpoint| checkpoint.id.build)
            .collect();
        numbers.dedup();
        Ok(numbers)
    }

    /// The build that is not live yet; if there is none it is begun.
    async fn begin(&self) -> Result<Vec<Checkpoint>, RebuildError> {
        let checkpoints = self.checkpoints().await?;
        if let Some(building) = self.building(&checkpoints)? {
            return Ok(building);
        }
        let last = checkpoints.iter().map(|checkpoint| checkpoint.id.build);
        let build = last.max().unwrap_or(0) + 1;
        let new = new_build(self.definition(), build, Role::Building, self.clock.now());
        consumers(&*self.store)?.create_build(&new).await?;
        // Another program may have begun the same build in the same moment.
        let checkpoints = self.checkpoints().await?;
        self.building(&checkpoints)?
            .ok_or_else(|| RebuildError::NothingBuilt {
                consumer: self.definition().name.to_owned(),
            })
    }

    fn refuse_fed(&self, live: &Checkpoint) -> Result<(), RebuildError> {
        if live.kind == ConsumerKind::Feed {
            return Err(RebuildError::Fed {
                consumer: self.definition().name.to_owned(),
            });
        }
        Ok(())
    }

    /// The build that is not live yet, by shard.
    fn building(&self, all: &[Checkpoint]) -> Result<Option<Vec<Checkpoint>>, RebuildError> {
        let definition = self.definition();
        let live = of_role(all, Role::Live);
        let Some(live) = live.first() else {
            return Err(RebuildError::NeverRun {
                consumer: definition.name.to_owned(),
            });
        };
        self.refuse_fed(live)?;
        let table = live.table.as_ref().map_or("", |table| &table.name);
        if table != definition.table.name {
            return Err(RebuildError::TableRenamed {
                consumer: definition.name.to_owned(),
                live: table.to_owned(),
                own: definition.table.name.to_string(),
            });
        }
        let building = of_role(all, Role::Building);
        let Some(first) = building.first() else {
            return Ok(None);
        };
        if building.len() == definition.shards as usize && definition.made(first) {
            Ok(Some(building.into_iter().cloned().collect()))
        } else {
            Err(RebuildError::OtherBuild {
                consumer: definition.name.to_owned(),
                build: first.id.build,
                found: first.definition,
                own: definition.version,
            })
        }
    }
}

fn of_role(checkpoints: &[Checkpoint], role: Role) -> Vec<&Checkpoint> {
    let checkpoints = checkpoints.iter();
    checkpoints
        .filter(|checkpoint| checkpoint.role == role)
        .collect()
}

impl fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuild")
            .field("store", &self.store)
            .field("projection", &self.definition().name)
            .field("version", &self.definition().version)
            .finish_non_exhaustive()
    }
}
