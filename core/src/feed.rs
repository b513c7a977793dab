//! Read models that are kept from a message broker.

mod error;
mod incoming;
mod intake;
mod reading;
mod rebuild;
mod running;
mod settle;
mod window;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::error::FeedError;
use rehydrate_port::{EventStore, FeedPlace, Position};

use self::reading::{Reading, resolve};
pub use self::running::Feeding;
pub(crate) use self::settle::pass_over;
pub use self::window::{Until, Window};
use crate::clock::{Clock, SystemClock};
use crate::projection::{AnyProjection, Erased, Projection};
use crate::source::{Begin, Source};

/// Keeps a projection from a message broker, instead of from the store's own log.
///
/// It is how one service has a read model of another one's events: the same [`Projection`], its
/// rows, what it has taken of each stream and the source's offset in one transaction. A broker
/// delivers at least once, and a feed takes each event once: one that is not after the last one of
/// its stream, by version and part, was taken before. Versions may have holes, because whoever
/// publishes may keep events to itself.
///
/// Several programs may run the same feed: one of them takes a batch, the others find that it was
/// taken. An event that the projection cannot take parks its stream, and is kept with those after it
/// until somebody retries or skips it with [`Operations`](crate::Operations). The checkpoint's
/// position counts the events that were taken, so [`wait_for`](crate::wait_for()) is of no use here.
/// A program with a newer [`Projection::VERSION`] than the live one rebuilds it from the source first.
///
/// ```
/// # use rehydrate::{Feed, MemoryBroker, MemoryStore, Projection};
/// # async fn show<P: Projection>(store: MemoryStore, broker: MemoryBroker, balances: P)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// let feed = Feed::new(store, broker.topic("payments"), balances);
/// let fed = feed.run_to_end().await?;
/// println!("{} events were new, {} had been taken before", fed.events, fed.duplicates);
/// let feeding = feed.start().await?;
/// // …
/// feeding.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a feed does nothing until it is started, or told to run to the end"]
pub struct Feed {
    settings: Arc<Settings>,
}

/// What a feed was told.
#[derive(Clone)]
struct Settings {
    store: Arc<dyn EventStore>,
    source: Arc<dyn Source>,
    projection: Arc<dyn AnyProjection>,
    clock: Arc<dyn Clock>,
    begin: Begin,
    batch: usize,
    poll: Duration,
    unreadable: Unreadable,
    /// The places of messages to go on without, with the reasons.
    passed: BTreeMap<String, String>,
    former_origin: Option<String>,
}

/// What a feed does about a message that is no event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unreadable {
    /// It stops, with an error that names the place, and takes nothing that comes after it.
    #[default]
    Stop,
    /// It goes on without it, and says so in the program's log: for a topic that others write to.
    Skip,
}

/// What a feed has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fed {
    /// How many events were new.
    pub events: u64,
    /// How many had been taken before.
    pub duplicates: u64,
    /// How many are of categories that the projection does not read.
    pub foreign: u64,
    /// How many messages are no events, and were passed over.
    pub unreadable: u64,
    /// How many events the read model has taken in all.
    pub position: Position,
    /// How many streams of the read model wait in the end, because one of their events could not be
    /// taken: their rows are not what they should be until somebody retries or skips it.
    pub parked: usize,
}

impl Feed {
    /// A feed that keeps a projection in this store from this source.
    pub fn new<P: Projection>(store: impl EventStore, source: impl Source, projection: P) -> Self {
        Self {
            settings: Arc::new(Settings {
                store: Arc::new(store),
                source: Arc::new(source),
                projection: Arc::new(Erased::new(projection)),
                clock: Arc::new(SystemClock),
                begin: Begin::Beginning,
                batch: 1_000,
                poll: Duration::from_millis(500),
                unreadable: Unreadable::Stop,
                passed: BTreeMap::new(),
                former_origin: None,
            }),
        }
    }

    /// Where a read model that has not taken anything yet begins; with everything that the broker
    /// has kept, unless told. One that has goes on where it was.
    pub fn begin(self, begin: Begin) -> Self {
        self.with(|settings| settings.begin = begin)
    }

    /// How many messages are taken in one transaction, at most; 1,000 unless told.
    pub fn batch(self, messages: usize) -> Self {
        self.with(|settings| settings.batch = messages.max(1))
    }

    /// How long to wait for messages before looking whether there is something else to do, such as a
    /// dead letter to be retried; 500 ms unless told.
    pub fn with_poll(self, interval: Duration) -> Self {
        self.with(|settings| settings.poll = interval)
    }

    /// Takes the time from this clock.
    pub fn with_clock(self, clock: impl Clock) -> Self {
        self.with(|settings| settings.clock = Arc::new(clock))
    }

    /// What to do about messages that are no events.
    pub fn unreadable(self, unreadable: Unreadable) -> Self {
        self.with(|settings| settings.unreadable = unreadable)
    }

    /// Goes on without the message at a place, as [`FeedError::Unreadable`] names it, and says so in
    /// the program's log with the reason. It is to be told until the feed has passed the place.
    pub fn pass_over(self, place: impl Into<String>, reason: impl Into<String>) -> Self {
        self.with(|settings| {
            settings.passed.insert(place.into(), reason.into());
        })
    }

    /// Says that the source was called this before, as [`FeedError::OtherOrigin`] names it, and is
    /// the same: its offsets mean what they have meant.
    pub fn moved_from(self, origin: impl Into<String>) -> Self {
        self.with(|settings| settings.former_origin = Some(origin.into()))
    }

    /// The projection's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.settings.name()
    }

    /// Takes everything that is in the source now, then returns.
    ///
    /// # Errors
    /// [`FeedError::Source`] and [`FeedError::Store`]: see their kinds; what has been taken is kept,
    /// and the next run goes on there. The others say what stands in the way.
    pub async fn run_to_end(&self) -> Result<Fed, FeedError> {
        let mut fed = Fed::default();
        loop {
            let live = resolve(self).await?;
            let mut reading = Reading::new(&self.settings, &live);
            let ended = reading.run_to_end().await?;
            fed.add(&reading.fed());
            if ended {
                fed.parked = reading.parked().await?;
                return Ok(fed);
            }
        }
    }

    /// Takes events as they come, on a task of its own, until it is told to stop. Where the source or
    /// the store fails it begins again after a pause, and the checkpoint says what is wrong.
    ///
    /// # Errors
    /// What keeps this program from running the projection at all, and the store's errors.
    pub async fn start(&self) -> Result<Feeding, FeedError> {
        self.check().await?;
        Ok(Feeding::start(self.clone()))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Settings {
    fn name(&self) -> &'static str {
        self.projection.definition().name
    }

    /// Refuses an offset of something else.
    fn check_origin(&self, place: &FeedPlace) -> Result<(), FeedError> {
        let own = self.source.origin();
        let is_former = self.former_origin.as_ref() == Some(&place.origin);
        if place.offset.is_none() || place.origin == own || is_former {
            return Ok(());
        }
        Err(FeedError::OtherOrigin {
            consumer: place.consumer.clone(),
            stored: place.origin.clone(),
            own,
        })
    }
}

impl Fed {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.foreign += other.foreign;
        self.unreadable += other.unreadable;
        self.position = other.position;
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("projection", &self.name())
            .field("origin", &self.settings.source.origin())
            .field("store", &self.settings.store)
            .finish_non_exhaustive()
    }
}
