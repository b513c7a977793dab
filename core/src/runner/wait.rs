//! Reading one's own writes.

use std::time::Duration;

use rehydrate_port::{EventStore, Position, Role, StoreError};
use tokio::time::Instant;

/// Waits until a projection or reactor has taken everything up to a position, such as that of a
/// commit, and returns how far it is then.
///
/// ```
/// # use std::time::Duration;
/// # use rehydrate::{Aggregate, Committed, MemoryStore, wait_for};
/// # async fn show<A: Aggregate>(store: MemoryStore, committed: Committed<A>)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// wait_for(&store, "balances", committed.position(), Duration::from_secs(2)).await?;
/// // What is read from `balances` now has this commit in it.
/// # Ok(())
/// # }
/// ```
///
/// A stream that is parked does not hold this up: its events count as passed.
///
/// # Errors
/// [`WaitError::TimedOut`]: nobody runs it, it is slow, or it is paused; answer with what is there,
/// or say that it is on its way. [`WaitError::Unknown`]: it has never run.
pub async fn wait_for(
    store: &(impl EventStore + ?Sized),
    consumer: &str,
    position: Position,
    timeout: Duration,
) -> Result<Position, WaitError> {
    // Too far away for a clock is as good as never.
    let deadline = Instant::now() + timeout.min(Duration::from_secs(1 << 30));
    let mut pause = Duration::from_millis(1);
    loop {
        let reached = reached(store, consumer).await?;
        match reached {
            Some(reached) if reached >= position => return Ok(reached),
            _ if Instant::now() < deadline => {}
            Some(reached) => {
                return Err(WaitError::TimedOut {
                    consumer: consumer.to_owned(),
                    position,
                    reached,
                });
            }
            None => {
                return Err(WaitError::Unknown {
                    consumer: consumer.to_owned(),
                });
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// The lowest checkpoint of the live build's shards.
async fn reached(
    store: &(impl EventStore + ?Sized),
    consumer: &str,
) -> Result<Option<Position>, StoreError> {
    let Some(consumers) = store.consumers() else {
        return Ok(None);
    };
    let checkpoints = consumers.checkpoints(Some(consumer)).await?;
    Ok(checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.role == Role::Live)
        .map(|checkpoint| checkpoint.position)
        .min())
}

/// Why [`wait_for`] has given up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It was not there in time.
    #[error("{consumer} is at position {reached}, not at {position} yet")]
    TimedOut {
        /// The projection or reactor.
        consumer: String,
        /// What was waited for.
        position: Position,
        /// How far it is.
        reached: Position,
    },
    /// There is none of this name.
    #[error("no projection or reactor named {consumer} has ever run on this store")]
    Unknown {
        /// The name.
        consumer: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
