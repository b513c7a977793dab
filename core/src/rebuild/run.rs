//! Building the shadow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use rehydrate_port::{Checkpoint, Position, Role};
use tokio::sync::Mutex;
use tracing::Instrument as _;

use super::{Rebuild, RebuildError, of_role};
use crate::runner::{Build, Pages, Taken};
use crate::telemetry;

/// How far a rebuild has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of the build.
    pub build: u32,
    /// Everything up to here is in it.
    pub position: Position,
    /// Where the log ended when this run began.
    pub until: Position,
    /// How many events this run has replayed.
    pub events: u64,
    /// How many there were to replay.
    pub total: u64,
    /// How long it has run.
    pub elapsed: Duration,
    /// How long it will go on; `None` until that can be told.
    pub left: Option<Duration>,
}

/// What has been built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Built {
    /// The number of the build.
    pub build: u32,
    /// Everything up to here is in it.
    pub position: Position,
    /// How many events this run has replayed.
    pub events: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Rebuild {
    /// Builds the shadow, up to the end of the log, or goes on with it where it was.
    ///
    /// # Errors
    /// As for [`Rebuild::plan`]. What has been built is kept.
    pub async fn run(&self) -> Result<Built, RebuildError> {
        self.run_with(|_| {}).await
    }

    /// As [`Rebuild::run`], telling how far it is after each batch.
    ///
    /// # Errors
    /// As for [`Rebuild::run`].
    pub async fn run_with(
        &self,
        on_progress: impl FnMut(&Progress) + Send,
    ) -> Result<Built, RebuildError> {
        let span = self.span("run");
        self.build(on_progress).instrument(span).await
    }

    async fn build(
        &self,
        on_progress: impl FnMut(&Progress) + Send,
    ) -> Result<Built, RebuildError> {
        let shards = self.begin().await?;
        self.build_on(shards, on_progress).await
    }

    /// As [`Rebuild::run`], unless the live build is as new as this definition already. A build of
    /// an older definition that was never finished is thrown away for it.
    pub(crate) async fn run_if_newer(&self) -> Result<bool, RebuildError> {
        let all = self.checkpoints().await?;
        let version = self.definition().version;
        let live = of_role(&all, Role::Live);
        if live.iter().any(|live| live.definition >= version) {
            return Ok(false);
        }
        let building = of_role(&all, Role::Building);
        if building.iter().any(|build| build.definition < version) {
            self.discard().await?;
        }
        self.run().await?;
        Ok(true)
    }

    /// Brings a build that is there up to the end of the log.
    pub(super) async fn go_on(&self) -> Result<Built, RebuildError> {
        let all = self.checkpoints().await?;
        let shards = self.building(&all)?.ok_or_else(|| self.nothing_built())?;
        self.build_on(shards, |_| {}).await
    }

    async fn build_on(
        &self,
        shards: Vec<Checkpoint>,
        on_progress: impl FnMut(&Progress) + Send,
    ) -> Result<Built, RebuildError> {
        let begun = Instant::now();
        let from = lowest(&shards);
        let until = self.store.watermark().await?;
        let watch = Mutex::new(Watch {
            consumer: self.definition().name,
            on_progress,
            progress: Progress {
                build: shards[0].id.build,
                position: from,
                until,
                events: 0,
                total: self.count(from, until).await?,
                elapsed: Duration::ZERO,
                left: None,
            },
            positions: shards.iter().map(|shard| shard.position).collect(),
            events: vec![0; shards.len()],
            begun,
        });
        let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        let all = shards
            .iter()
            .map(|shard| self.build_shard(shard, count, until, &watch));
        try_join_all(all).await?;
        let progress = watch.into_inner().progress;
        tracing::info!(
            build = progress.build,
            position = progress.position.get(),
            events = progress.events,
            "built"
        );
        Ok(Built {
            build: progress.build,
            position: progress.position,
            events: progress.events,
            elapsed: begun.elapsed(),
        })
    }

    async fn build_shard(
        &self,
        checkpoint: &Checkpoint,
        shards: u32,
        until: Position,
        watch: &Mutex<Watch<impl FnMut(&Progress) + Send>>,
    ) -> Result<(), RebuildError> {
        let mut build = self.build_of(checkpoint, shards);
        let mut position = checkpoint.position;
        let query = self.definition().query(position, self.batch);
        let mut pages = Pages::new(Arc::clone(&self.store), query);
        build.settle().await?;
        while position < until {
            let begun = Instant::now();
            let page = pages.after(position).await?;
            match build.take(position, &page).await? {
                Taken::Advanced(checkpoint) => {
                    position = checkpoint.position;
                    let events = page.events.len();
                    let shard = checkpoint.id.shard as usize;
                    watch.lock().await.note(shard, position, events);
                    self.rest(events, begun.elapsed()).await;
                }
                // Another process builds the same: both of them bring it forward.
                Taken::Busy => tokio::time::sleep(Duration::from_millis(20)).await,
                Taken::Moved | Taken::Paused => {
                    position = self.position_of(checkpoint).await?;
                    let shard = checkpoint.id.shard as usize;
                    watch.lock().await.note(shard, position, 0);
                }
                Taken::NotOurs => return Err(self.nothing_built()),
            }
        }
        Ok(())
    }

    pub(super) fn build_of(&self, checkpoint: &Checkpoint, shards: u32) -> Build {
        Build::new(
            Arc::clone(&self.store),
            Arc::clone(&self.clock),
            Arc::clone(&self.projection),
            checkpoint,
            shards,
        )
    }

    pub(crate) fn nothing_built(&self) -> RebuildError {
        RebuildError::NothingBuilt {
            consumer: self.definition().name.to_owned(),
        }
    }

    async fn position_of(&self, checkpoint: &Checkpoint) -> Result<Position, RebuildError> {
        let all = self.checkpoints().await?;
        of_role(&all, Role::Building)
            .into_iter()
            .find(|found| found.id == checkpoint.id)
            .map(|found| found.position)
            .ok_or_else(|| self.nothing_built())
    }

    /// Sleeps as long as the throttle demands.
    async fn rest(&self, events: usize, elapsed: Duration) {
        if let Some(throttle) = self.events_per_second {
            let events = u32::try_from(events).unwrap_or(u32::MAX);
            let due = Duration::from_secs(1) * events / throttle;
            tokio::time::sleep(due.saturating_sub(elapsed)).await;
        }
    }
}

pub(super) fn lowest(shards: &[Checkpoint]) -> Position {
    let positions = shards.iter().map(|shard| shard.position);
    positions.min().unwrap_or(Position::ZERO)
}

/// Who wants to know, and what they are told.
struct Watch<F> {
    consumer: &'static str,
    on_progress: F,
    progress: Progress,
    positions: Vec<Position>,
    /// How many events each shard has looked at: every one looks at all of them.
    events: Vec<u64>,
    begun: Instant,
}

impl<F: FnMut(&Progress)> Watch<F> {
    fn note(&mut self, shard: usize, position: Position, events: usize) {
        self.positions[shard] = position;
        let lowest = self.positions.iter().copied().min();
        let progress = &mut self.progress;
        progress.position = lowest.unwrap_or(position);
        self.events[shard] += events as u64;
        progress.events = self.events.iter().sum::<u64>() / self.events.len() as u64;
        progress.elapsed = self.begun.elapsed();
        progress.left = (progress.events > 0).then(|| {
            let left = progress.total.saturating_sub(progress.events);
            progress.elapsed.mul_f64(ratio(left, progress.events))
        });
        telemetry::rebuilt(
            self.consumer,
            progress.build,
            progress.events,
            progress.total,
        );
        (self.on_progress)(progress);
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate needs no more digits"
)]
fn ratio(left: u64, done: u64) -> f64 {
    left as f64 / done as f64
}
