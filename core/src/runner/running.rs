//! A runner at work.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, join_all, select, select_all};
use rehydrate_port::{Condition, ErrorKind, Locked, Position, Wait};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::live::{End, Shard, resolve};
use super::start::upgrade;
use super::versions::Versions;
use super::{RunError, Runner, WaitError, wait_for};
use crate::error::{panic_text, whole_text};
use crate::projection::AnyProjection;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A runner at work. It stops when this is dropped, or by [`Running::stop`], which waits until it
/// has. Events that projections are about to take are not taken then, and are taken by whoever goes
/// on; what a reactor is answering is answered to the end.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Running {
    runner: Arc<Runner>,
    stop: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    pub(super) fn start(runner: Runner) -> Self {
        let runner = Arc::new(runner);
        let (stop, stopped) = watch::channel(());
        let names: Vec<&'static str> = runner.projections.keys().copied().collect();
        let tasks = names.into_iter().map(|name| {
            let runner = Arc::clone(&runner);
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                // What is under way is in a transaction, which is rolled back then.
                select(pin!(stopped.changed()), pin!(supervise(&runner, name))).await;
            })
        });
        let mut tasks: Vec<_> = tasks.collect();
        tasks.extend(super::reacting::start(&runner, &stopped));
        Self {
            runner,
            stop,
            tasks,
        }
    }

    /// Waits until a projection has taken everything up to a position; see [`wait_for`].
    ///
    /// # Errors
    /// As for [`wait_for`].
    pub async fn wait_for(
        &self,
        consumer: &str,
        position: Position,
        timeout: Duration,
    ) -> Result<Position, WaitError> {
        wait_for(&self.runner.store, consumer, position, timeout).await
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.stop.send_replace(());
        join_all(std::mem::take(&mut self.tasks)).await;
    }
}

/// Runs a projection for good, whatever happens.
async fn supervise(runner: &Runner, name: &'static str) {
    let versions = &runner.projections[name];
    let mut pause = FIRST_PAUSE;
    let mut attempts = 0;
    loop {
        let started = tokio::time::Instant::now();
        // A panic is not to end it for good, without a word.
        let ended = AssertUnwindSafe(run(runner, versions)).catch_unwind().await;
        let error = match ended {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => error,
            Err(panic) => RunError::Panicked {
                consumer: name.to_owned(),
                message: panic_text(&*panic),
            },
        };
        if started.elapsed() > LONGEST_PAUSE {
            (pause, attempts) = (FIRST_PAUSE, 0);
        }
        attempts += 1;
        tracing::warn!(
            consumer = name,
            attempts,
            error = whole_text(&error),
            "a projection has stopped, and is started again"
        );
        report(runner, name, &error, attempts, pause).await;
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs the live build until it is not live any more.
async fn run(runner: &Runner, versions: &Versions) -> Result<End, RunError> {
    let resolved = resolve(runner, versions).await?;
    let newer = resolved.newer.clone();
    let live = match (resolved.live(), newer.as_ref()) {
        (Ok(live), _) => live,
        (Err(_), Some(newer)) => {
            // Whoever has the live version's code keeps its table, if anybody does.
            upgrade(runner, newer).await?;
            return Ok(End::NotOurs);
        }
        (Err(error), None) => return Err(error),
    };
    let (projection, checkpoints) = live;
    let mut shards: Vec<Shard<'_>> = checkpoints
        .iter()
        .map(|checkpoint| Shard::new(runner, &projection, checkpoint, checkpoints.len()))
        .collect();
    let live = shards.iter_mut().map(|shard| shard.run().boxed());
    let live = select_all(live).map(|(end, _, _)| end);
    let Some(newer) = newer else {
        return live.await;
    };
    match select(pin!(live), pin!(upgrade_at_last(runner, &newer))).await {
        Either::Left((end, _)) => end,
        Either::Right(((), _)) => Ok(End::NotOurs),
    }
}

/// Builds a newer version beside the live one and swaps it in, however often that has to be tried.
async fn upgrade_at_last(runner: &Runner, newest: &Arc<dyn AnyProjection>) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = upgrade(runner, newest).await {
        tracing::warn!(
            consumer = newest.definition().name,
            version = newest.definition().version,
            error = whole_text(&error),
            "the newer version is not live yet"
        );
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Writes down what stands in the way, as well as it can be written.
pub(super) async fn report(
    runner: &Runner,
    name: &str,
    error: &RunError,
    attempts: u32,
    pause: Duration,
) {
    let is_away = matches!(error, RunError::Unreachable { .. });
    let is_transient = is_away
        || matches!(
            error,
            RunError::Store(error) if matches!(error.kind(), ErrorKind::TryAgain | ErrorKind::Unknown)
        );
    // Once is not worth a line in the database, unless it is not the database that is away.
    if is_transient && !is_away && attempts < 3 {
        return;
    }
    // What is live is as it was, and may be kept by others.
    if matches!(
        error,
        RunError::NotLive { .. } | RunError::Fed { .. } | RunError::Rebuild(_)
    ) {
        return;
    }
    let text = whole_text(error);
    let condition = if is_transient {
        Condition::Retrying {
            at: runner.clock.now() + pause,
            attempts,
            error: text,
        }
    } else {
        Condition::Failed { error: text }
    };
    if let Err(error) = write_condition(runner, name, &condition).await {
        tracing::debug!(
            consumer = name,
            error = whole_text(&error),
            "cannot write it down"
        );
    }
}

async fn write_condition(
    runner: &Runner,
    name: &str,
    condition: &Condition,
) -> Result<(), RunError> {
    for checkpoint in super::live_build(&*runner.store, name).await? {
        let mut transaction = runner.store.begin().await?;
        let consumers = super::build::consumers_of(&mut *transaction)?;
        let locked = consumers.lock(&checkpoint.id, Wait::ForNobody).await?;
        if let Locked::Taken(mut checkpoint) = locked
            && checkpoint.condition != Condition::Paused
        {
            checkpoint.condition = condition.clone();
            checkpoint.changed_at = runner.clock.now();
            consumers.save(&checkpoint).await?;
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
    }
    Ok(())
}
