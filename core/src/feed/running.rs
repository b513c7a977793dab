//! A feed at work.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::select;
use rehydrate_port::{Condition, ConsumerKind, Locked, Role, StoreError, Wait};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::reading::{Reading, resolve};
use super::{Feed, FeedError};
use crate::error::{panic_text, whole_text};
use crate::runner::{consumers, consumers_of};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A feed at work. It stops when this is dropped, or by [`Feeding::stop`], which waits until it has.
/// What it is about to take is not taken then, and is taken by whoever goes on.
#[derive(Debug)]
#[must_use = "it stops when it is dropped"]
pub struct Feeding {
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Feeding {
    pub(super) fn start(feed: Feed) -> Self {
        let (stop, mut stopped) = watch::channel(());
        let task = tokio::spawn(async move {
            // What is under way is in a transaction, which is rolled back then.
            select(pin!(stopped.changed()), pin!(supervise(&feed))).await;
        });
        Self { stop, task }
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.send_replace(());
        // It cannot have panicked: its own panics are caught.
        let _ = self.task.await;
    }
}

/// Keeps the read model for good, whatever happens.
async fn supervise(feed: &Feed) {
    let mut pause = FIRST_PAUSE;
    let mut attempts = 0;
    loop {
        let started = tokio::time::Instant::now();
        let ended = AssertUnwindSafe(run(feed)).catch_unwind().await;
        let error = match ended {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error,
            Err(panic) => FeedError::Panicked {
                consumer: feed.name().to_owned(),
                message: panic_text(&*panic),
            },
        };
        if started.elapsed() > LONGEST_PAUSE {
            (pause, attempts) = (FIRST_PAUSE, 0);
        }
        attempts += 1;
        tracing::warn!(
            consumer = feed.name(),
            attempts,
            error = whole_text(&error),
            "a feed has stopped, and is started again"
        );
        if let Err(error) = report(feed, &error, attempts, pause).await {
            tracing::debug!(
                consumer = feed.name(),
                error = whole_text(&error),
                "cannot write it down"
            );
        }
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn run(feed: &Feed) -> Result<(), FeedError> {
    let live = resolve(feed).await?;
    Reading::new(&feed.settings, &live).run().await
}

/// Writes down what stands in the way, as well as it can be written.
async fn report(
    feed: &Feed,
    error: &FeedError,
    attempts: u32,
    pause: Duration,
) -> Result<(), StoreError> {
    // Others may keep what is live, and it is as it was.
    if matches!(
        error,
        FeedError::NotLive { .. } | FeedError::Overtaken { .. }
    ) {
        return Ok(());
    }
    let settings = &feed.settings;
    let text = whole_text(error);
    let condition = if error.is_transient() {
        Condition::Retrying {
            at: settings.clock.now() + pause,
            attempts,
            error: text,
        }
    } else {
        Condition::Failed { error: text }
    };
    let all = consumers(&*settings.store)?
        .checkpoints(Some(feed.name()))
        .await?;
    let live = |role, kind| role == Role::Live && kind == ConsumerKind::Feed;
    for found in all.iter().filter(|it| live(it.role, it.kind)) {
        let mut transaction = settings.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        match consumers.lock(&found.id, Wait::ForNobody).await? {
            Locked::Taken(mut checkpoint)
                if live(checkpoint.role, checkpoint.kind)
                    && checkpoint.condition != Condition::Paused =>
            {
                checkpoint.condition = condition.clone();
                checkpoint.changed_at = settings.clock.now();
                consumers.save(&checkpoint).await?;
                transaction.commit().await?;
            }
            _ => transaction.rollback().await?,
        }
    }
    Ok(())
}
