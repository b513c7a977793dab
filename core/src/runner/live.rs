//! Keeping the live build of a projection up to date.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::try_join_all;
use rehydrate_port::{Checkpoint, Condition, ConsumerKind, Position, Role};

use super::start::{check_build, live_build, new_build, upgrade};
use super::versions::Versions;
use super::{Build, Pages, RunError, Runner, Taken, Upgrade, consumers};
use crate::projection::AnyProjection;

/// Takes what is in the log up to `target`, and returns then.
pub(super) async fn catch_up(
    runner: &Runner,
    versions: &Versions,
    target: Position,
) -> Result<(), RunError> {
    loop {
        let resolved = resolve(runner, versions).await?;
        if let Some(newer) = &resolved.newer {
            upgrade(runner, newer).await?;
            continue;
        }
        let (projection, checkpoints) = resolved.live()?;
        let shards = checkpoints.iter().map(|checkpoint| async {
            let mut shard = Shard::new(runner, &projection, checkpoint, checkpoints.len());
            shard.run_until(target).await
        });
        let ends = try_join_all(shards).await?;
        if ends.iter().all(|end| *end == End::Reached) {
            return Ok(());
        }
    }
}

/// What is to be done for a projection.
pub(super) struct Resolved {
    /// The live build, and the definition that it is made with, if that is registered.
    projection: Option<Arc<dyn AnyProjection>>,
    checkpoints: Vec<Checkpoint>,
    /// A newer version that is to take its place.
    pub(super) newer: Option<Arc<dyn AnyProjection>>,
    not_live: RunError,
}

impl Resolved {
    pub(super) fn live(self) -> Result<(Arc<dyn AnyProjection>, Vec<Checkpoint>), RunError> {
        match self.projection {
            Some(projection) => Ok((projection, self.checkpoints)),
            None => Err(self.not_live),
        }
    }
}

/// Finds the live build; a new projection gets its first one.
pub(super) async fn resolve(runner: &Runner, versions: &Versions) -> Result<Resolved, RunError> {
    let name = versions
        .all()
        .next()
        .map_or("", |any| any.definition().name);
    let mut live = live_build(&*runner.store, name).await?;
    if live.is_empty() {
        let Some(newest) = versions.newest() else {
            return Err(RunError::StandbyOnly {
                consumer: name.to_owned(),
            });
        };
        let first = new_build(newest.definition(), 1, Role::Live, runner.clock.now());
        consumers(&*runner.store)?.create_build(&first).await?;
        live = live_build(&*runner.store, name).await?;
    }
    if live.iter().any(|found| found.kind == ConsumerKind::Feed) {
        return Err(RunError::Fed {
            consumer: name.to_owned(),
        });
    }
    if live
        .iter()
        .any(|found| found.kind != ConsumerKind::Projection)
    {
        return Err(RunError::NotAProjection {
            consumer: name.to_owned(),
        });
    }
    let built = live.first().map_or(0, |checkpoint| checkpoint.definition);
    let projection = versions.of(built).cloned();
    if let Some(projection) = &projection {
        check_build(projection.definition(), &live)?;
    }
    let version = |any: &Arc<dyn AnyProjection>| any.definition().version;
    let own = versions.newest().map_or(0, version);
    let newer = versions.newest().filter(|newest| version(newest) > built);
    Ok(Resolved {
        projection,
        checkpoints: live,
        newer: newer
            .filter(|_| runner.upgrade == Upgrade::Automatic)
            .cloned(),
        not_live: RunError::NotLive {
            consumer: name.to_owned(),
            live: built,
            own,
            advice: if own > built {
                "rebuild it and swap, or register the live version too"
            } else {
                "deploy the newer program"
            },
        },
    })
}

/// Why a shard has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It has come as far as was asked.
    Reached,
    /// Its build is not live any more, or of another definition.
    NotOurs,
}

/// One shard of the live build.
pub(super) struct Shard<'a> {
    runner: &'a Runner,
    build: Build,
    pages: Pages,
    /// Where the checkpoint stands.
    position: Position,
    /// How far the log has been looked at; between `position` and here is nothing for us.
    seen: Position,
    written: Instant,
    settled: Option<Instant>,
    name: &'static str,
    condition: Condition,
}

impl<'a> Shard<'a> {
    pub(super) fn new(
        runner: &'a Runner,
        projection: &Arc<dyn AnyProjection>,
        checkpoint: &Checkpoint,
        shards: usize,
    ) -> Self {
        let definition = projection.definition();
        let query = definition.query(checkpoint.position, runner.pace.batch);
        Self {
            runner,
            build: Build::new(
                Arc::clone(&runner.store),
                Arc::clone(&runner.clock),
                Arc::clone(projection),
                checkpoint,
                u32::try_from(shards).unwrap_or(u32::MAX),
            ),
            pages: Pages::new(Arc::clone(&runner.store), query),
            position: checkpoint.position,
            seen: checkpoint.position,
            written: Instant::now(),
            settled: None,
            condition: checkpoint.condition.clone(),
            name: definition.name,
        }
    }

    /// Takes everything up to a position, together with others who do the same.
    pub(super) async fn run_until(&mut self, target: Position) -> Result<End, RunError> {
        self.build.settle().await?;
        while self.position < target {
            let page = self.pages.after(self.seen).await?;
            match self.build.take(self.position, &page).await? {
                Taken::Advanced(checkpoint) => self.stand_on(&checkpoint),
                Taken::Busy => tokio::time::sleep(self.runner.pace.standby / 10).await,
                Taken::Moved => {}
                Taken::Paused => {
                    return Err(RunError::Paused {
                        consumer: self.name.to_owned(),
                    });
                }
                Taken::NotOurs => return Ok(End::NotOurs),
            }
            if !self.look_up().await? {
                return Ok(End::NotOurs);
            }
        }
        Ok(End::Reached)
    }

    /// Takes events as they happen, until the build is not live any more.
    pub(super) async fn run(&mut self) -> Result<End, RunError> {
        loop {
            let poll = self.runner.pace.poll;
            if self.settled.is_none_or(|settled| settled.elapsed() >= poll) {
                self.build.settle().await?;
                self.settled = Some(Instant::now());
            }
            let page = self.pages.after(self.seen).await?;
            let has_news = page.read_to > self.seen;
            let is_due = self.written.elapsed() >= self.runner.pace.idle_write;
            // Whoever has caught up says so, even if there was nothing to take.
            let is_news = page.read_to >= page.watermark
                && !matches!(self.condition, Condition::Live | Condition::Paused);
            let writes =
                !page.events.is_empty() || is_news || (page.read_to > self.position && is_due);
            if writes {
                match self.build.take(self.position, &page).await? {
                    Taken::Advanced(checkpoint) => self.stand_on(&checkpoint),
                    Taken::Busy | Taken::Moved => {
                        if !self.stand_by().await? {
                            return Ok(End::NotOurs);
                        }
                    }
                    Taken::Paused => {
                        if !self.stand_still().await? {
                            return Ok(End::NotOurs);
                        }
                    }
                    Taken::NotOurs => return Ok(End::NotOurs),
                }
            } else if has_news {
                // Nothing for us: only now, or a page that was not taken would be passed over.
                self.seen = page.read_to;
            } else {
                self.runner.store.wait_past(self.seen, poll).await?;
                // A swap or a resumption is noticed by who has nothing to do, too.
                match self.checkpoint().await? {
                    Some(checkpoint) => self.condition = checkpoint.condition,
                    None => return Ok(End::NotOurs),
                }
            }
        }
    }

    fn stand_on(&mut self, checkpoint: &Checkpoint) {
        self.position = checkpoint.position;
        self.seen = checkpoint.position;
        self.condition = checkpoint.condition.clone();
        self.written = Instant::now();
    }

    /// Somebody else is at work: waits until they seem to have stopped.
    async fn stand_by(&mut self) -> Result<bool, RunError> {
        loop {
            let before = self.position;
            tokio::time::sleep(self.runner.pace.standby).await;
            if !self.look_up().await? {
                return Ok(false);
            }
            if self.position == before {
                return Ok(true);
            }
        }
    }

    /// Waits until the projection is told to go on.
    async fn stand_still(&mut self) -> Result<bool, RunError> {
        loop {
            tokio::time::sleep(self.runner.pace.poll).await;
            let Some(checkpoint) = self.checkpoint().await? else {
                return Ok(false);
            };
            self.stand_on(&checkpoint);
            if checkpoint.condition != Condition::Paused {
                return Ok(true);
            }
        }
    }

    /// Looks where the checkpoint stands, and whether it is still that of the live build.
    async fn look_up(&mut self) -> Result<bool, RunError> {
        match self.checkpoint().await? {
            Some(checkpoint) => {
                self.stand_on(&checkpoint);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, RunError> {
        let live = live_build(&*self.runner.store, self.name).await?;
        let id = self.build.id();
        Ok(live.into_iter().find(|checkpoint| checkpoint.id == *id))
    }
}
