//! Loads aggregates, decides, appends.

mod cache;
mod error;
mod execute;
mod folded;
mod history;
mod load;
mod order;
mod retry;
mod root;
mod save;
mod session;
mod snapshots;
mod written;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use chrono::{DateTime, Utc};
use rehydrate_port::{EventStore, InvalidStreamId, StreamId};

use self::cache::Shelf;
use self::folded::CloneState;
use self::retry::Queue;
use crate::aggregate::Aggregate;
use crate::clock::{Clock, SystemClock, to_stored_precision};

#[cfg(feature = "cache")]
pub use cache::{Cache, Staleness};
pub use error::{ExecuteError, InvalidCommand, LoadError, SaveError};
pub use folded::Replayed;
pub(crate) use folded::{Folded, never_shared};
pub use history::HistoryEntry;
pub use retry::Retry;
pub use root::{Committed, Root};
pub use snapshots::SnapshotCheck;

/// Loads aggregates of one type from a store, and appends what they decide.
///
/// A clone is cheap and shares the cache. It holds its store as `Arc<dyn EventStore>`, so it needs
/// one type parameter only and fits into an application's state as it is.
///
/// ```
/// use rehydrate::{Aggregate, Event, MemoryStore, Repository};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum CounterEvent { Raised { by: u32 } }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = String, event = CounterEvent)]
/// struct Counter { total: u32 }
///
/// impl ApplyCounterEvent for Counter {
///     fn raised(&mut self, by: u32) { self.total += by; }
/// }
///
/// impl Counter {
///     fn raise(&self, by: u32) -> Result<CounterEvent, TooHigh> {
///         if self.total + by > 10 { return Err(TooHigh) }
///         Ok(CounterEvent::Raised { by })
///     }
/// }
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("a counter ends at 10")]
/// struct TooHigh;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counters: Repository<Counter> = Repository::new(MemoryStore::new());
/// let id = "visitors".to_owned();
/// let counter = counters.execute(&id, |counter| counter.raise(7)).await?;
/// assert_eq!(counter.total, 7);
/// assert!(counters.execute(&id, |counter| counter.raise(7)).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Repository<A: Aggregate> {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    retry: Retry,
    snapshots: UseSnapshots,
    queue: Arc<Queue>,
    shelf: Shelf<A>,
    clone: CloneState<A>,
    /// The last foreign fingerprint that was warned of, so that a deploy costs one line.
    warned: Arc<AtomicU64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UseSnapshots {
    AsDeclared,
    Never,
}

impl<A: Aggregate> Repository<A> {
    /// A repository on a store, with the computer's clock and the default [`Retry`].
    #[must_use]
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            retry: Retry::default(),
            snapshots: UseSnapshots::AsDeclared,
            queue: Arc::new(Queue::new()),
            shelf: Shelf::none(),
            clone: folded::never_shared,
            warned: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Tries commands again as this says.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Neither reads nor writes snapshots, whatever the aggregate declares, and shares no cache,
    /// whose states may come from snapshots.
    #[must_use]
    pub fn without_snapshots(mut self) -> Self {
        self.snapshots = UseSnapshots::Never;
        self.shelf = Shelf::none();
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn EventStore> {
        &self.store
    }

    /// The name of an aggregate's stream.
    ///
    /// # Errors
    /// The id is not a name that a stream can have.
    pub fn stream(&self, id: &A::Id) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(A::CATEGORY, id)
    }

    fn now(&self) -> DateTime<Utc> {
        to_stored_precision(self.clock.now())
    }
}

// By hand, because `A` need not be `Clone`.
impl<A: Aggregate> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            queue: Arc::clone(&self.queue),
            shelf: self.shelf.clone(),
            warned: Arc::clone(&self.warned),
            ..*self
        }
    }
}

impl<A: Aggregate> fmt::Debug for Repository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("category", &A::CATEGORY)
            .field("store", &self.store)
            .field("retry", &self.retry)
            .field("snapshots", &self.snapshots)
            .finish_non_exhaustive()
    }
}
