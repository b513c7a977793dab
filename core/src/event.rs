//! The trait behind `derive(Event)`.

use rehydrate_port::{DecodeError, DecodeProblem, SchemaVersion, StoredEvent};
use serde::de::Error as _;

use crate::error::{EncodeError, no_panic};
use crate::schema::EventSchema;

/// An enum of the things that can happen to an aggregate.
///
/// `#[derive(Event, Serialize, Deserialize)]` implements it; see [`derive(Event)`](macro@crate::Event)
/// for the attributes. All code that reads stored events, here and in the applications, goes
/// through [`Event::decode`], so old payloads are upcast everywhere or nowhere; a load may read
/// today's without making their texts, with `#[event(borrow)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event enum",
    label = "needs `#[derive(Event)]`",
    note = "write `#[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]` on the enum"
)]
pub trait Event: Sized + Send + Sync + 'static {
    /// Every type, schema version and field that the enum stores.
    const SCHEMA: EventSchema;

    /// The type under which the event is stored.
    fn event_type(&self) -> &'static str;

    /// The version of the shape in which the event is written.
    fn schema_version(&self) -> SchemaVersion;

    /// The content as JSON text, without the type.
    ///
    /// # Errors
    /// The serializer of a field failed, or the event stands for an unknown one and cannot be
    /// written: a bug in the application.
    fn encode(&self) -> Result<String, EncodeError>;

    /// Reads a stored event of any schema version as today's events.
    ///
    /// # Errors
    /// The event is of a type or version that this program does not know, or its payload does not
    /// have the promised shape. It is never skipped. Whatever reads events here takes a panic of the
    /// application's code for such an error, too.
    fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<Self>, DecodeError>;
}

/// Reads a stored event. A panic of the application's code is an error about the event like others,
/// and not the end of whoever reads it.
pub(crate) fn decode_guarded<E>(
    stored: &StoredEvent<'_>,
    decode: impl FnOnce(&StoredEvent<'_>) -> Result<Decoded<E>, DecodeError>,
) -> Result<Decoded<E>, DecodeError> {
    no_panic(|| decode(stored)).unwrap_or_else(|panic| Err(panicked(stored, panic)))
}

/// The error about an event whose reading has panicked.
pub(crate) fn panicked(stored: &StoredEvent<'_>, panic: String) -> DecodeError {
    stored.decode_error(DecodeProblem::Payload(serde_json::Error::custom(panic)))
}

/// What one stored event means today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<E> {
    /// Nothing: its type is retired. It still counts as a version of its stream.
    Retired,
    /// One event.
    One(E),
    /// Any number of events, from a `legacy` type that was split.
    Many(Vec<E>),
}

impl<E> Decoded<E> {
    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Retired => 0,
            Self::One(_) => 1,
            Self::Many(events) => events.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands them over one after the other. An iterator would move each once more.
    #[inline]
    pub(crate) fn each(self, mut take: impl FnMut(E)) {
        match self {
            Self::Retired => {}
            Self::One(event) => take(event),
            Self::Many(events) => events.into_iter().for_each(take),
        }
    }
}

impl<E> IntoIterator for Decoded<E> {
    type Item = E;
    type IntoIter = DecodedEvents<E>;

    #[inline]
    fn into_iter(self) -> DecodedEvents<E> {
        DecodedEvents(match self {
            Self::Retired => Rest::One(None),
            Self::One(event) => Rest::One(Some(event)),
            Self::Many(events) => Rest::Many(events.into_iter()),
        })
    }
}

/// The events that one stored event means today, one after the other.
#[derive(Clone, Debug)]
pub struct DecodedEvents<E>(Rest<E>);

#[derive(Clone, Debug)]
enum Rest<E> {
    One(Option<E>),
    Many(std::vec::IntoIter<E>),
}

impl<E> Iterator for DecodedEvents<E> {
    type Item = E;

    #[inline]
    fn next(&mut self) -> Option<E> {
        match &mut self.0 {
            Rest::One(event) => event.take(),
            Rest::Many(events) => events.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = match &self.0 {
            Rest::One(event) => usize::from(event.is_some()),
            Rest::Many(events) => events.len(),
        };
        (rest, Some(rest))
    }
}

impl<E> ExactSizeIterator for DecodedEvents<E> {}

/// What a decision may return: one event, an `Option`, a `Vec`, an array, or `()` for nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a decision can return",
    label = "expected `{E}`, an `Option`, a `Vec` or an array of it, or `()`"
)]
pub trait IntoEvents<E> {
    /// The events in the order in which they happened.
    fn into_events(self) -> Vec<E>;
}

impl<E: Event> IntoEvents<E> for E {
    fn into_events(self) -> Vec<E> {
        vec![self]
    }
}

impl<E: Event> IntoEvents<E> for Option<E> {
    fn into_events(self) -> Vec<E> {
        self.into_iter().collect()
    }
}

impl<E: Event> IntoEvents<E> for Vec<E> {
    fn into_events(self) -> Vec<E> {
        self
    }
}

impl<E: Event, const N: usize> IntoEvents<E> for [E; N] {
    fn into_events(self) -> Vec<E> {
        self.into()
    }
}

impl<E: Event> IntoEvents<E> for () {
    fn into_events(self) -> Vec<E> {
        Vec::new()
    }
}
