//! Keeps projections up to date and reactors at work.

mod build;
mod live;
mod options;
mod pages;
mod reacting;
mod running;
mod settle;
mod start;
mod versions;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rehydrate_port::{BoxError, ConsumerStore, EventStore, Position, StoreError};

use self::versions::Versions;
use crate::clock::{Clock, SystemClock};
use crate::projection::{Erased, Projection};
use crate::reactor::{AnyReactor, ErasedReactor, Reactor};
use crate::rebuild::RebuildError;
use crate::relay::Relay;

pub(crate) use self::build::{Build, Taken, consumers_of};
pub(crate) use self::options::Pace;
pub use self::options::Upgrade;
pub(crate) use self::pages::Pages;
pub(crate) use self::reacting::go_on;
pub use self::running::Running;
pub(crate) use self::start::{live_build, new_build};
pub use self::wait::{WaitError, wait_for};

/// Runs projections and reactors over a store's log.
///
/// ```
/// # use std::time::Duration;
/// # use rehydrate::{MemoryStore, Projection, Runner};
/// # async fn show<P: Projection>(balances: P) -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// let running = Runner::new(store.clone()).projection(balances).start().await?;
/// // … commands …
/// # let position = rehydrate::Position::ZERO;
/// running.wait_for("balances", position, Duration::from_secs(1)).await?;
/// running.stop().await;
/// # Ok(())
/// # }
/// ```
///
/// Any number of programs may run the same projection: one of them keeps it, the others stand by
/// and go on where it has ended. Two versions of one projection may be registered: the live one is
/// kept up to date while the newer is built beside it.
#[must_use = "a runner does nothing until it is started, or told to catch up"]
pub struct Runner {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    pace: Pace,
    upgrade: Upgrade,
    projections: BTreeMap<&'static str, Versions>,
    reactors: Vec<Arc<dyn AnyReactor>>,
}

impl Runner {
    /// A runner that has nothing to run yet.
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            pace: Pace::default(),
            upgrade: Upgrade::default(),
            projections: BTreeMap::new(),
            reactors: Vec::new(),
        }
    }

    /// Keeps a projection up to date.
    pub fn projection<P: Projection>(mut self, projection: P) -> Self {
        let versions = self.projections.entry(P::NAME).or_default();
        versions.add(Arc::new(Erased::new(projection)));
        self
    }

    /// Keeps another version of a projection up to date for as long as that is the live one. It is
    /// never built by this runner: somebody rebuilds with it and swaps, here or elsewhere.
    pub fn standby<P: Projection>(mut self, projection: P) -> Self {
        let versions = self.projections.entry(P::NAME).or_default();
        versions.add_standby(Arc::new(Erased::new(projection)));
        self
    }

    /// Lets a reactor answer events.
    ///
    /// Any number of programs may run the same reactor: one of them delivers to it, the others stand
    /// by, and take over when that one stops, or when nothing is heard of it.
    pub fn reactor<R: Reactor>(mut self, reactor: R) -> Self {
        self.reactors.push(Arc::new(ErasedReactor::new(reactor)));
        self
    }

    /// Publishes the log to a broker; like a reactor, of several programs one at a time.
    pub fn relay(mut self, relay: Relay) -> Self {
        self.reactors.push(Arc::new(relay));
        self
    }

    /// Takes the time from this clock.
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What to do when a projection is registered with a newer version than the live one.
    pub fn with_upgrade(mut self, upgrade: Upgrade) -> Self {
        self.upgrade = upgrade;
        self
    }

    /// How many events are taken in one transaction, at most; 1,000 unless told.
    pub fn with_batch(mut self, events: usize) -> Self {
        self.pace.batch = events.max(1);
        self
    }

    /// How long to sleep at most before the log is asked again; 500 ms unless told. Events of this
    /// program, and where the database tells of them those of others, are noticed at once.
    pub fn with_poll(mut self, interval: std::time::Duration) -> Self {
        self.pace.poll = interval;
        self
    }

    /// How long a program that delivers to a reactor may be silent until another one takes over, by
    /// the database's clock; 10 s unless told. It is heard of every third of this time, also while
    /// an event is being answered.
    pub fn with_lease(mut self, duration: std::time::Duration) -> Self {
        self.pace.lease = duration;
        self
    }

    /// Brings the projections up to all that is in the log now, then returns how far that is.
    ///
    /// Where another program is at work on the same projection, they share the work.
    ///
    /// # Errors
    /// [`RunError::Paused`] and [`RunError::NotLive`] say what stands in the way; for a
    /// [`RunError::Store`] see its kind.
    pub async fn catch_up(&self) -> Result<Position, RunError> {
        self.check()?;
        let target = self.store.watermark().await?;
        for versions in self.projections.values() {
            live::catch_up(self, versions, target).await?;
        }
        Ok(target)
    }

    /// Delivers to the reactors all that is in the log now and all that is due now, then returns.
    /// Whatever fails is left as it would be by [`Runner::start`]: to be tried again, or parked.
    ///
    /// Where another program delivers to the same reactor, it waits until that one has done it.
    ///
    /// # Errors
    /// [`RunError::Paused`] and [`RunError::OtherDestination`] say what stands in the way; for a
    /// [`RunError::Store`] see its kind.
    pub async fn drain(&self) -> Result<Position, RunError> {
        self.check()?;
        reacting::check_relays(self).await?;
        let target = self.store.watermark().await?;
        reacting::drain(self, target).await?;
        Ok(target)
    }

    /// Starts to run everything, on tasks of its own, until it is told to stop.
    ///
    /// # Errors
    /// The registrations contradict each other, a relay has published to another broker, or the store
    /// cannot keep consumers.
    pub async fn start(self) -> Result<Running, RunError> {
        self.check()?;
        reacting::check_relays(&self).await?;
        Ok(Running::start(self))
    }

    fn check(&self) -> Result<(), RunError> {
        consumers(&*self.store)?;
        let mut names: BTreeSet<&str> = self.projections.keys().copied().collect();
        for reactor in &self.reactors {
            let name = reactor.definition().name;
            if !names.insert(name) {
                return Err(RunError::RegisteredTwice {
                    consumer: name.to_owned(),
                });
            }
        }
        let mut tables: BTreeMap<String, &str> = BTreeMap::new();
        for (name, versions) in &self.projections {
            let mut numbers = BTreeSet::new();
            for projection in versions.all() {
                if !numbers.insert(projection.definition().version) {
                    return Err(RunError::RegisteredTwice {
                        consumer: (*name).to_owned(),
                    });
                }
                let table = projection.definition().table.name.to_string();
                let other = tables.insert(table.clone(), name);
                if let Some(other) = other.filter(|other| other != name) {
                    return Err(RunError::SharedTable {
                        table,
                        consumers: [other.to_owned(), (*name).to_owned()],
                    });
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("store", &self.store)
            .field("projections", &self.projections.keys())
            .field("reactors", &self.reactors.len())
            .finish_non_exhaustive()
    }
}

/// What the store keeps for consumers.
pub(crate) fn consumers(store: &dyn EventStore) -> Result<&dyn ConsumerStore, StoreError> {
    store.consumers().ok_or_else(|| StoreError::Backend {
        action: "keep projections and reactors",
        source: "this store keeps events only".into(),
    })
}

/// Why projections or reactors do not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The same version of a projection, or the name of a reactor, is registered twice.
    #[error("{consumer} is registered twice: give one of them another NAME, or another VERSION")]
    RegisteredTwice {
        /// Its name.
        consumer: String,
    },
    /// Two projections have rows with the same table.
    #[error("the projections {} and {} both write to the table {table}: give one another table", consumers[0], consumers[1])]
    SharedTable {
        /// The table.
        table: String,
        /// The projections.
        consumers: [String; 2],
    },
    /// The table in the database has another shape than the row.
    #[error(
        "the row of {consumer} has changed its shape since version {version} was built: raise its VERSION"
    )]
    ShapeChanged {
        /// The projection.
        consumer: String,
        /// The version of its definition.
        version: u32,
    },
    /// The number of shards is another than when the build was made.
    #[error(
        "{consumer} was built with {built} shards and is now defined with {defined}: raise its VERSION, or rebuild it"
    )]
    ShardsChanged {
        /// The projection.
        consumer: String,
        /// How many there are.
        built: u32,
        /// How many the definition has.
        defined: u32,
    },
    /// Nothing is live yet, and no version of the projection is registered to be built.
    #[error("{consumer} has never run on this store, and is registered to stand by only")]
    StandbyOnly {
        /// The projection.
        consumer: String,
    },
    /// Another version of the projection is live.
    #[error("version {live} of {consumer} is live, and this program has version {own}: {advice}")]
    NotLive {
        /// The projection.
        consumer: String,
        /// The version that is live.
        live: u32,
        /// The newest version that is registered.
        own: u32,
        /// What to do.
        advice: &'static str,
    },
    /// There is a reactor or a relay of this name in the store.
    #[error("{consumer} is a reactor or a relay on this store: give the projection another NAME")]
    NotAProjection {
        /// The projection.
        consumer: String,
    },
    /// The projection is kept from a message broker.
    #[error(
        "{consumer} is kept from a broker on this store: run it with a Feed, or give the projection another NAME"
    )]
    Fed {
        /// The projection.
        consumer: String,
    },
    /// There is a projection or a relay of this name in the store.
    #[error("{consumer} is a projection or a relay on this store: give the reactor another NAME")]
    NotAReactor {
        /// The reactor.
        consumer: String,
    },
    /// There is a projection or a reactor of this name in the store.
    #[error("{consumer} is a projection or a reactor on this store: give the relay another name")]
    NotARelay {
        /// The relay.
        consumer: String,
    },
    /// Another broker has got what was published so far, and this one never would.
    #[error(
        "{consumer} has published to {stored}, and this is {own}: give the relay to a second broker another name; if it is the same one under another address, say so with Relay::moved_from; or rewind the relay to the beginning, and this one gets everything"
    )]
    OtherDestination {
        /// The relay.
        consumer: String,
        /// The broker that has got everything so far.
        stored: String,
        /// The broker of this program.
        own: String,
    },
    /// Somebody has paused it.
    #[error("{consumer} is paused: resume it first")]
    Paused {
        /// The projection.
        consumer: String,
    },
    /// The application's code, or this library's, has panicked.
    #[error("{consumer} {message}")]
    Panicked {
        /// The consumer.
        consumer: String,
        /// What the panic said.
        message: String,
    },
    /// Nobody is there to whom events could be delivered; they wait, and are tried again.
    #[error("{consumer} cannot deliver anything")]
    Unreachable {
        /// The consumer.
        consumer: String,
        /// What was met instead.
        source: BoxError,
    },
    /// A newer version cannot be built or swapped in.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
