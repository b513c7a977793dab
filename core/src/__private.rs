//! What the derive macros call: not part of the public API.

mod content;
mod no_event;

use serde::{Deserialize, Serialize};

use crate::error::{DecodeError, DecodeProblem, EncodeError};
use crate::event::{Decoded, Event};
use crate::page::StoredEvent;
use crate::stream::SchemaVersion;
use crate::upcast::Upcast;

pub use no_event::NoEvent;
pub use serde;
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
    content::from_json(stored.payload, variant)
        .map(Decoded::One)
        .map_err(|source| stored.decode_error(DecodeProblem::Payload(source)))
}

/// Reads an older payload, the first link of a chain of upcasts.
pub fn old<P: for<'de> Deserialize<'de>>(stored: &StoredEvent<'_>) -> Result<P, DecodeError> {
    serde_json::from_str(stored.payload)
        .map_err(|source| stored.decode_error(DecodeProblem::Payload(source)))
}

/// The next link of a chain of upcasts.
pub fn upcast<From, To>(stored: &StoredEvent<'_>, payload: From) -> Result<To, DecodeError>
where
    From: Upcast<To>,
{
    payload.upcast(stored).map_err(|source| {
        stored.decode_error(DecodeProblem::Upcast {
            from: std::any::type_name::<From>(),
            to: std::any::type_name::<To>(),
            source: source.into(),
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
