//! An event enum as a value, for tools that hold a list of them.

use std::fmt;

use rehydrate_port::{BoxError, DecodeError, StoredEvent};

use super::EventSchema;
use crate::event::Event;

/// Reads a stored event, and says how many events of today it is.
type Decode = fn(&StoredEvent<'_>) -> Result<usize, DecodeError>;

/// Reads a stored event, and writes the payloads of the events that it is today.
type Rewrite = fn(&StoredEvent<'_>) -> Result<Vec<String>, BoxError>;

/// An event enum as a value, so that a tool can hold a list of them.
///
/// ```
/// use rehydrate::schema::AnyEvent;
/// # use rehydrate::Event;
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # enum LampEvent { SwitchedOn }
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # enum DoorEvent { Opened }
///
/// let all = [AnyEvent::of::<LampEvent>(), AnyEvent::of::<DoorEvent>()];
/// assert_eq!(all[1].schema().name, "DoorEvent");
/// ```
#[derive(Clone, Copy)]
pub struct AnyEvent {
    schema: EventSchema,
    decode: Decode,
    rewrite: Rewrite,
}

impl AnyEvent {
    /// The event enum `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self::new(
            E::SCHEMA,
            |stored| E::decode(stored).map(|decoded| decoded.len()),
            |stored| {
                let events = E::decode(stored)?.into_iter();
                let payloads: Result<_, _> = events.map(|event| event.encode()).collect();
                Ok(payloads?)
            },
        )
    }

    /// Events that have this schema and are read and written by these functions: for the tests of
    /// this library, which make up schemas that no enum has.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(schema: EventSchema, decode: Decode, rewrite: Rewrite) -> Self {
        Self {
            schema,
            decode,
            rewrite,
        }
    }

    /// What the enum reads and writes.
    #[must_use]
    pub const fn schema(&self) -> &EventSchema {
        &self.schema
    }

    /// Reads a stored event, and says how many events of today it is.
    ///
    /// # Errors
    /// Those of [`Event::decode`].
    pub fn decode(&self, stored: &StoredEvent<'_>) -> Result<usize, DecodeError> {
        (self.decode)(stored)
    }

    /// Reads a stored event, and writes the payloads of the events that it is today.
    ///
    /// # Errors
    /// Those of [`Event::decode`] and of [`Event::encode`].
    pub fn rewrite(&self, stored: &StoredEvent<'_>) -> Result<Vec<String>, BoxError> {
        (self.rewrite)(stored)
    }
}

impl fmt::Debug for AnyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyEvent").field(&self.schema.name).finish()
    }
}
