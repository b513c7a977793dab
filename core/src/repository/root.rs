//! A loaded aggregate.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use rehydrate_port::{Appended, Identity, NewEvent, Position, StreamId, Version};

use super::InvalidCommand;
use super::folded::{Folded, Replayed};
use super::written::Written;
use crate::aggregate::Aggregate;
use crate::error::EncodeError;
use crate::event::Decoded;

/// An aggregate as it was loaded, and what has been recorded on it since.
///
/// Derefs to the state.
pub struct Root<A: Aggregate> {
    /// The version, position and time of what is stored; the state has the pending events too.
    pub(crate) folded: Folded<A>,
    pending: Vec<NewEvent>,
    flight: Option<Flight>,
    unwritable: Option<Unwritable>,
}

/// Pending events that were appended in a transaction which may not have ended yet.
#[derive(Debug)]
struct Flight {
    count: usize,
    appended: Appended,
    transaction: Option<Identity>,
    /// Set by the transaction once it has committed, dropped by it if it never does.
    landed: Arc<AtomicBool>,
}

impl Flight {
    fn has_landed(&self) -> bool {
        self.landed.load(Ordering::Acquire)
    }

    fn is_rolled_back(&self) -> bool {
        Arc::strong_count(&self.landed) == 1 && !self.has_landed()
    }
}

#[derive(Debug)]
struct Unwritable {
    event_type: &'static str,
    reason: String,
}

impl<A: Aggregate> Root<A> {
    pub(crate) fn new(folded: Folded<A>) -> Self {
        Self {
            folded,
            pending: Vec::new(),
            flight: None,
            unwritable: None,
        }
    }

    /// Takes an event into the state, and keeps it for the next save.
    ///
    /// If the event cannot be written as JSON and read back, that save says so and writes nothing.
    pub fn record(&mut self, event: A::Event) {
        match Written::of::<A>(&event) {
            Ok(written) => {
                self.pending.push(written.new);
                self.folded.apply(written.read);
            }
            Err(error) => {
                self.unwritable.get_or_insert(Unwritable {
                    event_type: error.event_type,
                    reason: error.source.to_string(),
                });
                self.folded.apply(Decoded::One(event));
            }
        }
    }

    /// The events that the next save will append.
    #[must_use]
    pub fn pending(&self) -> &[NewEvent] {
        &self.pending[self.landed().map_or(0, |flight| flight.count)..]
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        &self.folded.stream
    }

    /// The version of the last stored event; pending events do not count.
    #[must_use]
    pub fn version(&self) -> Version {
        self.landed()
            .map_or(self.folded.version, |flight| flight.appended.version)
    }

    /// The position of the last stored event; 0 for a new aggregate.
    #[must_use]
    pub fn position(&self) -> Position {
        self.landed()
            .map_or(self.folded.position, |flight| flight.appended.position)
    }

    /// The recorded time of the last stored event; `None` for a new aggregate.
    #[must_use]
    pub fn recorded_at(&self) -> Option<DateTime<Utc>> {
        match self.landed() {
            Some(flight) => Some(flight.appended.recorded_at),
            None => self.folded.recorded_at,
        }
    }

    /// Whether nothing has been stored of it yet.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.version() == Version::ZERO
    }

    /// What it took to load it.
    #[must_use]
    pub fn replayed(&self) -> Replayed {
        self.folded.replayed
    }

    fn landed(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.has_landed())
    }

    /// Ends a flight that has landed or was rolled back.
    pub(crate) fn settle(&mut self) {
        match self.flight.take() {
            Some(flight) if flight.has_landed() => {
                self.pending.drain(..flight.count);
                self.folded.stand_at(flight.appended);
            }
            Some(flight) if flight.is_rolled_back() => {}
            still_open => self.flight = still_open,
        }
    }

    /// The pending events that this transaction has not appended, and the version they follow.
    ///
    /// # Errors
    /// Some are in another transaction, and nobody knows yet what will become of them.
    pub(crate) fn not_in_flight(
        &self,
        transaction: Option<Identity>,
    ) -> Result<(Version, &[NewEvent]), InvalidCommand> {
        match &self.flight {
            None => Ok((self.folded.version, &self.pending)),
            Some(flight) if flight.transaction == transaction => {
                Ok((flight.appended.version, &self.pending[flight.count..]))
            }
            Some(_) => Err(InvalidCommand::OpenTransaction {
                stream: self.folded.stream.clone(),
            }),
        }
    }

    /// All pending events have been appended; the flag is to be set once that is permanent.
    pub(crate) fn fly(
        &mut self,
        appended: Appended,
        transaction: Option<Identity>,
    ) -> Arc<AtomicBool> {
        let landed = Arc::new(AtomicBool::new(false));
        self.flight = Some(Flight {
            count: self.pending.len(),
            appended,
            transaction,
            landed: Arc::clone(&landed),
        });
        landed
    }

    /// The state as it will be stored once the open transaction commits.
    pub(crate) fn folded_in_flight(&self) -> Folded<A> {
        let mut folded = self.folded.clone();
        if let Some(flight) = &self.flight {
            folded.stand_at(flight.appended);
        }
        folded
    }

    pub(crate) fn check_writable(&self) -> Result<(), EncodeError> {
        match &self.unwritable {
            None => Ok(()),
            Some(Unwritable { event_type, reason }) => Err(EncodeError {
                event_type,
                source: serde::ser::Error::custom(reason),
            }),
        }
    }
}

impl<A: Aggregate> Deref for Root<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.folded.state
    }
}

/// The outcome of a command. Derefs to the state after it.
pub struct Committed<A: Aggregate> {
    folded: Folded<A>,
    appended: usize,
    attempts: u32,
    duplicate: bool,
}

impl<A: Aggregate> Committed<A> {
    pub(crate) fn new(folded: Folded<A>, appended: usize, attempts: u32) -> Self {
        Self {
            folded,
            appended,
            attempts,
            duplicate: false,
        }
    }

    pub(crate) fn repeated(folded: Folded<A>, attempts: u32) -> Self {
        Self {
            folded,
            appended: 0,
            attempts,
            duplicate: true,
        }
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        &self.folded.stream
    }

    /// The version of the aggregate after the command.
    #[must_use]
    pub fn version(&self) -> Version {
        self.folded.version
    }

    /// The position of the aggregate's last event after the command.
    #[must_use]
    pub fn position(&self) -> Position {
        self.folded.position
    }

    /// The recorded time of the aggregate's last event after the command; `None` if there is none.
    #[must_use]
    pub fn recorded_at(&self) -> Option<DateTime<Utc>> {
        self.folded.recorded_at
    }

    /// Whether the idempotency key was met again: this is the first one's outcome.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.duplicate
    }

    /// How many events this call appended.
    #[must_use]
    pub fn appended(&self) -> usize {
        self.appended
    }

    /// How often the command was tried, 1 if it met no conflict. A cached state that turned out to
    /// be stale does not count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What it took to load the aggregate.
    #[must_use]
    pub fn replayed(&self) -> Replayed {
        self.folded.replayed
    }

    pub(crate) fn state(&self) -> &Arc<A> {
        &self.folded.state
    }
}

impl<A: Aggregate> Deref for Committed<A> {
    type Target = A;

    fn deref(&self) -> &A {
        self.state()
    }
}

// By hand, so that a result can be unwrapped though the state is not `Debug`.
impl<A: Aggregate> fmt::Debug for Root<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("stream", &self.folded.stream)
            .field("version", &self.version())
            .field("position", &self.position())
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}

impl<A: Aggregate> fmt::Debug for Committed<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("stream", &self.folded.stream)
            .field("version", &self.version())
            .field("position", &self.position())
            .field("appended", &self.appended)
            .field("attempts", &self.attempts)
            .field("duplicate", &self.duplicate)
            .finish_non_exhaustive()
    }
}
