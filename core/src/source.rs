//! The port from a message broker: events that can be read again.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rehydrate_port::{BoxError, Offset};

use crate::publish::{CloudEvent, EnvelopeError};

/// A topic, stream or subject of a broker, which can be read from any place as often as one likes.
///
/// Each sentence below is a promise, and a test of that name in
/// [`source_contract!`](crate::source_contract), which every source runs:
///
/// - A source is read from its beginning, without a hole, each key in order.
/// - A source is read on after an offset, without a hole and without a repetition.
/// - A source is read from a time on.
/// - A reader says when it has read what was there when it was opened.
/// - A reader sees what is published later.
/// - An empty source is at its end at once.
/// - A reader waits no longer than it is told.
/// - What is no event is handed over with its place, and what comes after it is read.
/// - Readers of one source do not disturb each other.
#[async_trait]
pub trait Source: Debug + Send + Sync + 'static {
    /// What is read, for people: the broker's address and the topic, without a password.
    ///
    /// A feed keeps it with the offset, and does not go on with another one: so it is the same text
    /// for the same topic of the same broker, and another one for another.
    fn origin(&self) -> String;

    /// Begins to read.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`]: try again. [`SourceError::Gone`]: what is at the place is not
    /// kept any more; begin anew. [`SourceError::Refused`] wants a person.
    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError>;
}

#[async_trait]
impl<S: Source + ?Sized> Source for std::sync::Arc<S> {
    fn origin(&self) -> String {
        (**self).origin()
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        (**self).open(begin).await
    }
}

/// A source that is being read.
#[async_trait]
pub trait Reader: Send {
    /// The next messages, at most `limit` of them; none if none comes within `wait`.
    ///
    /// If this future is dropped, what it would have returned is returned by the next call.
    ///
    /// # Errors
    /// As for [`Source::open`]; after an error, open the source again after the last offset.
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError>;
}

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With everything that the broker has kept.
    Beginning,
    /// After what was read.
    After(Offset),
    /// With what the broker got at this time, by its clock, or later.
    At(DateTime<Utc>),
}

/// Messages that were read together.
#[derive(Debug)]
#[non_exhaustive]
pub struct Received {
    /// The messages; those of one key in order.
    pub messages: Vec<ReceivedMessage>,
    /// Everything up to here has been read: where to go on after these messages.
    pub offset: Offset,
    /// Whether everything that was in the source when it was opened has been read.
    pub is_at_end: bool,
}

impl Received {
    /// Messages that were read together.
    #[must_use]
    pub fn new(messages: Vec<ReceivedMessage>, offset: Offset, is_at_end: bool) -> Self {
        Self {
            messages,
            offset,
            is_at_end,
        }
    }
}

/// A message as a source has it.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedMessage {
    /// The event, or why it is none.
    pub event: Result<CloudEvent, EnvelopeError>,
    /// Where it stands, for people: `fines, partition 0, offset 17`.
    pub place: String,
    /// When the broker got it, by its clock.
    pub sent_at: DateTime<Utc>,
}

impl ReceivedMessage {
    /// A message from a place.
    #[must_use]
    pub fn new(
        event: Result<CloudEvent, EnvelopeError>,
        place: String,
        sent_at: DateTime<Utc>,
    ) -> Self {
        Self {
            event,
            place,
            sent_at,
        }
    }
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The broker does not answer.
    #[error("{origin} is unavailable: {reason}")]
    Unavailable {
        /// What was to be read.
        origin: String,
        /// What was waited for, in a few words.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
    /// The broker has thrown away what comes after the offset.
    #[error("{origin} does not have everything after {offset} any more: {reason}")]
    Gone {
        /// What was to be read.
        origin: String,
        /// Where it was to be read on.
        offset: Offset,
        /// What there is instead.
        reason: String,
    },
    /// It does not exist, or we may not, or the offset is not one of this source.
    #[error("{origin} cannot be read: {reason}")]
    Refused {
        /// What was to be read.
        origin: String,
        /// What is wrong, and what to do.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
}
