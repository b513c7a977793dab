//! What goes into a store, and what comes of it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::StoreError;
use crate::fingerprint::Fingerprint;
use crate::stream::{Position, SchemaVersion, StreamId, Version};

/// Events to be appended together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// The metadata of each of them, as JSON text; `None` when empty.
    pub metadata: Option<String>,
    /// When they happened.
    pub time: RecordedTime,
    /// The command that caused them, if it may be sent more than once.
    pub command: Option<Command>,
}

impl Batch {
    /// Events of a command that has no idempotency key and no metadata.
    #[must_use]
    pub fn new(events: Vec<NewEvent>, time: RecordedTime) -> Self {
        Self {
            events,
            metadata: None,
            time,
            command: None,
        }
    }
}

/// When the events of a batch happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedTime {
    /// Now, by a clock that may be a little behind another writer's: the store moves it forward to
    /// the time of the stream's last event.
    Clock(DateTime<Utc>),
    /// At a time in the past: the store refuses it if the stream's last event is later.
    Import(DateTime<Utc>),
}

impl RecordedTime {
    /// The time to store, after an event recorded at `last`.
    ///
    /// # Errors
    /// [`StoreError::TimeReversed`], for an import that is older than `last`.
    pub fn after(
        self,
        last: Option<DateTime<Utc>>,
        stream: &StreamId,
    ) -> Result<DateTime<Utc>, StoreError> {
        match (self, last) {
            (Self::Clock(time) | Self::Import(time), None) => Ok(time),
            (Self::Clock(time), Some(last)) => Ok(time.max(last)),
            (Self::Import(time), Some(last)) if time >= last => Ok(time),
            (Self::Import(recorded_at), Some(last)) => Err(StoreError::TimeReversed {
                stream: stream.clone(),
                recorded_at,
                last,
            }),
        }
    }
}

/// An event that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's own id, the same wherever it is sent.
    pub id: Uuid,
    /// The stored type.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: SchemaVersion,
    /// The content, as JSON text.
    pub payload: String,
}

impl NewEvent {
    /// An event with a new id.
    #[must_use]
    pub fn new(
        event_type: impl Into<String>,
        schema_version: SchemaVersion,
        payload: impl Into<String>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            event_type: event_type.into(),
            schema_version,
            payload: payload.into(),
        }
    }
}

/// A command that may be sent more than once and must happen once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What the sender calls it, in the whole store.
    pub key: String,
    /// A hash of its content, or zero.
    pub fingerprint: Fingerprint,
}

/// A command that has been committed, as the store remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedCommand {
    /// The command.
    pub command: Command,
    /// The stream it appended to.
    pub stream: StreamId,
    /// The version of its last event.
    pub version: Version,
    /// The position of its last event.
    pub position: Position,
    /// The recorded time of its events.
    pub recorded_at: DateTime<Utc>,
}

impl CommittedCommand {
    /// The first outcome, for a repetition of the same command.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`], for any other command.
    pub fn repeated(self, command: &Command, stream: &StreamId) -> Result<Appended, StoreError> {
        if self.stream == *stream && self.command == *command {
            Ok(Appended {
                version: self.version,
                position: self.position,
                recorded_at: self.recorded_at,
                outcome: Outcome::Repeated,
            })
        } else {
            Err(StoreError::KeyReused {
                key: self.command.key,
                stream: self.stream,
            })
        }
    }
}

/// Where the events of an append stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The version of the last event.
    pub version: Version,
    /// The position of the last event.
    pub position: Position,
    /// The recorded time of the events.
    pub recorded_at: DateTime<Utc>,
    /// Whether they were written just now.
    pub outcome: Outcome,
}

/// What an append did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It wrote the events.
    Written,
    /// It wrote nothing, because the command had been committed before.
    Repeated,
}
