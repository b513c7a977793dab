//! What a person does with projections, reactors and relays while they run.

mod letters;
mod rewind;
mod status;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{Checkpoint, Condition, EventStore, Locked, Role, StoreError, Wait};

use crate::clock::{Clock, SystemClock};
use crate::runner::{consumers, consumers_of};

pub use self::rewind::{Rewind, RewindTo};
pub use self::status::{BuildStatus, ConsumerStatus};

/// Looks at the projections, reactors and relays of a store, and tells them what to do.
///
/// Whatever is told takes effect in the programs that run them, wherever those are.
///
/// ```
/// # use rehydrate::{MemoryStore, Operations};
/// # async fn show(store: MemoryStore) -> Result<(), Box<dyn std::error::Error>> {
/// let operations = Operations::new(store);
/// for letter in operations.dead_letters(Some("balances")).await? {
///     println!("{} {}: {:?}", letter.stream, letter.event_type, letter.error);
///     operations.retry(&letter).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Operations {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
}

impl Operations {
    /// For the consumers of this store.
    #[must_use]
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
        }
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Tells a projection, reactor or relay to stand still after what it is doing, until it is resumed.
    ///
    /// # Errors
    /// [`OperationError::Unknown`], or the store failed.
    pub async fn pause(&self, consumer: &str) -> Result<(), OperationError> {
        self.set(consumer, |_| Condition::Paused).await
    }

    /// Tells a projection, reactor or relay that was paused, or has failed, to go on.
    ///
    /// # Errors
    /// As for [`Operations::pause`].
    pub async fn resume(&self, consumer: &str) -> Result<(), OperationError> {
        self.set(consumer, |now| match now {
            Condition::Paused | Condition::Failed { .. } => Condition::CatchingUp,
            other => other.clone(),
        })
        .await
    }

    async fn set(
        &self,
        consumer: &str,
        condition: impl Fn(&Condition) -> Condition,
    ) -> Result<(), OperationError> {
        // A swap in between makes another build the live one.
        while !self.set_if_live(consumer, &condition).await? {}
        Ok(())
    }

    async fn set_if_live(
        &self,
        consumer: &str,
        condition: &impl Fn(&Condition) -> Condition,
    ) -> Result<bool, OperationError> {
        let live = self.live(consumer).await?;
        let mut transaction = self.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        for checkpoint in &live {
            match consumers.lock(&checkpoint.id, Wait::ForOthers).await? {
                Locked::Taken(mut checkpoint) if checkpoint.role == Role::Live => {
                    checkpoint.condition = condition(&checkpoint.condition);
                    checkpoint.changed_at = self.now();
                    consumers.save(&checkpoint).await?;
                }
                Locked::Taken(_) | Locked::Missing | Locked::Busy => {
                    transaction.rollback().await?;
                    return Ok(false);
                }
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn live(&self, consumer: &str) -> Result<Vec<Checkpoint>, OperationError> {
        let mut all = consumers(&*self.store)?.checkpoints(Some(consumer)).await?;
        if all.is_empty() {
            return Err(OperationError::Unknown {
                consumer: consumer.to_owned(),
                known: self.names().await?,
            });
        }
        all.retain(|checkpoint| checkpoint.role == Role::Live);
        Ok(all)
    }

    async fn names(&self) -> Result<Vec<String>, StoreError> {
        let all = consumers(&*self.store)?.checkpoints(None).await?;
        let mut names: Vec<String> = all.into_iter().map(|found| found.id.consumer).collect();
        names.dedup();
        Ok(names)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// No projection, reactor or relay of this name has ever run on the store.
    #[error(
        "no projection, reactor or relay named {consumer} has ever run on this store{}",
        others(known)
    )]
    Unknown {
        /// The name.
        consumer: String,
        /// Those that have.
        known: Vec<String>,
    },
    /// The dead letter is not there any more: it was retried or skipped meanwhile, or the relay was
    /// rewound.
    #[error("{consumer} has no dead letter at position {position} any more")]
    Settled {
        /// The projection, reactor or relay.
        consumer: String,
        /// The position of the event.
        position: rehydrate_port::Position,
    },
    /// It does not publish anything to a broker, so there is nothing to rewind.
    #[error(
        "{consumer} is no relay: a projection is rebuilt, a reactor would repeat its effects; if it was a relay under an older release, run it once with this one"
    )]
    NotARelay {
        /// The projection or reactor.
        consumer: String,
    },
    /// A relay is to go back to where it has not been: that would leave events out.
    #[error(
        "{consumer} stands at position {position}, which is before {asked}: it can only go back"
    )]
    NotBehind {
        /// The relay.
        consumer: String,
        /// Where it was to go.
        asked: rehydrate_port::Position,
        /// Where it stands.
        position: rehydrate_port::Position,
    },
    /// A skip without a reason.
    #[error("an event is only skipped with a reason: say why, for those who look at it later")]
    NoReason,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn others(known: &[String]) -> String {
    if known.is_empty() {
        ", nor any other".to_owned()
    } else {
        format!("; there are: {}", known.join(", "))
    }
}
