//! What the derive macros call: not part of the public API.

mod content;
mod handlers;
mod no_event;
mod seen;

use rehydrate_port::{BoxError, DecodeError, DecodeProblem, SchemaVersion, StoredEvent};
use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, ApplyTo};
use crate::error::{EncodeError, no_panic};
use crate::event::{Decoded, Event};
use crate::event_set::EventsOf;
use crate::upcast::Upcast;

pub use handlers::{Handlers, Unhandled};
pub use no_event::NoEvent;
pub use seen::{Probe, Unseen, newtype, seen};
pub use serde;
pub use serde_json::Value;
pub use uuid::Uuid;

/// Writes the content of an event without its enum layer.
pub fn encode<E: Event + Serialize>(event: &E) -> Result<String, EncodeError> {
    content::to_json(event).map_err(|source| EncodeError {
        event_type: event.event_type(),
        source,
    })
}

/// Refuses to write an event that stands for unknown ones.
pub fn encode_other<E: Event>(event: &E) -> Result<String, EncodeError> {
    Err(EncodeError {
        event_type: event.event_type(),
        source: serde::ser::Error::custom(
            "it stands for event types that this program does not know, so it can be read but not written",
        ),
    })
}

/// Reads today's shape of the variant with this index.
pub fn current<E: for<'de> Deserialize<'de>>(
    stored: &StoredEvent<'_>,
    variant: u32,
) -> Result<Decoded<E>, DecodeError> {
    read(stored, || {
        content::from_json(stored.payload, variant).map(Decoded::One)
    })
}

/// Reads today's shape of the variant with this index into an enum that borrows its texts.
#[inline]
pub fn lent<'de, E: Deserialize<'de>>(stored: &StoredEvent<'de>, variant: u32) -> Option<E> {
    content::from_json(stored.payload, variant).ok()
}

/// Reads a stored event, and calls the handler of each event that it means today.
#[inline]
pub fn replay<E: Event + ApplyTo<A>, A>(
    stored: &StoredEvent<'_>,
    aggregate: &mut A,
) -> Result<(), DecodeError> {
    match E::decode(stored) {
        Ok(Decoded::One(event)) => event.apply_to(aggregate),
        Ok(events) => events.each(|event| event.apply_to(aggregate)),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Reads an older payload, the first link of a chain of upcasts.
pub fn old<P: for<'de> Deserialize<'de>>(stored: &StoredEvent<'_>) -> Result<P, DecodeError> {
    read(stored, || serde_json::from_str(stored.payload))
}

#[inline]
fn read<T>(
    stored: &StoredEvent<'_>,
    read: impl FnOnce() -> serde_json::Result<T>,
) -> Result<T, DecodeError> {
    match read() {
        Ok(payload) => Ok(payload),
        Err(source) => Err(unreadable(stored, source)),
    }
}

#[cold]
fn unreadable(stored: &StoredEvent<'_>, source: serde_json::Error) -> DecodeError {
    stored.decode_error(DecodeProblem::Payload(source))
}

/// The next link of a chain of upcasts.
pub fn upcast<From, To>(stored: &StoredEvent<'_>, payload: From) -> Result<To, DecodeError>
where
    From: Upcast<To>,
{
    let upcast = no_panic(|| payload.upcast(stored).map_err(Into::into));
    upcast
        .unwrap_or_else(|panic| Err(panic.into()))
        .map_err(|source: BoxError| {
            stored.decode_error(DecodeProblem::Upcast {
                from: std::any::type_name::<From>(),
                to: std::any::type_name::<To>(),
                source,
            })
        })
}

/// A schema version of a known type that no arm of the table reads.
pub fn unread_version<E>(stored: &StoredEvent<'_>, newest: u32) -> Result<Decoded<E>, DecodeError> {
    let newest = SchemaVersion(newest);
    Err(stored.decode_error(if stored.schema_version > newest {
        DecodeProblem::NewerVersion { newest }
    } else {
        DecodeProblem::UnsupportedVersion
    }))
}

/// A type that the enum does not have.
pub fn unknown_type<E: Event>(stored: &StoredEvent<'_>) -> Result<Decoded<E>, DecodeError> {
    Err(stored.decode_error(DecodeProblem::UnknownType {
        event_enum: E::SCHEMA.name,
    }))
}

/// The category of the one aggregate that has this event enum.
///
/// If there are several, the compiler shows these lines, and so the comment.
pub const fn category_of<
    E: EventsOf<EventSetAggregate>, // of several? name one: `#[event_set(aggregate = …)]`
    EventSetAggregate: Aggregate<Event = E>,
>() -> &'static str {
    EventSetAggregate::CATEGORY
}

/// The category of this aggregate, which has this event enum.
pub const fn category_of_aggregate<E: Event, A: Aggregate<Event = E>>() -> &'static str {
    A::CATEGORY
}

/// Refuses, in a constant, two variants of a set that would read the same events.
pub const fn differ(categories: &[&str]) {
    let mut rest = categories;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            assert!(
                !is_same(first.as_bytes(), other.as_bytes()),
                "two variants of this set hold the events of one category: remove one of them, or give one of the aggregates another category"
            );
            others = more;
        }
        rest = tail;
    }
}

const fn is_same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, tail @ ..], [second, rest @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        (one, other) = (tail, rest);
    }
    one.is_empty() && other.is_empty()
}

/// Reads an event of one of the event enums of a set.
pub fn decode_as<E: Event, S>(
    stored: &StoredEvent<'_>,
    variant: fn(E) -> S,
) -> Result<Decoded<S>, DecodeError> {
    E::decode(stored).map(|decoded| match decoded {
        Decoded::Retired => Decoded::Retired,
        Decoded::One(event) => Decoded::One(variant(event)),
        Decoded::Many(events) => Decoded::Many(events.into_iter().map(variant).collect()),
    })
}

/// An event of a category that is none of the set's.
pub fn outside_of_the_set<S>(
    stored: &StoredEvent<'_>,
    set: &'static str,
) -> Result<Decoded<S>, DecodeError> {
    Err(stored.decode_error(DecodeProblem::UnknownType { event_enum: set }))
}

/// The values of a key as a JSON array; null, which is no key, if a value has no JSON.
pub fn key_values<T: Serialize>(values: &T) -> Value {
    serde_json::to_value(values).unwrap_or(Value::Null)
}
