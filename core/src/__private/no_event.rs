//! The event of an aggregate whose `event = …` is missing.

use rehydrate_port::{DecodeError, SchemaVersion, StoredEvent};

use crate::error::EncodeError;
use crate::event::{Decoded, Event};
use crate::schema::EventSchema;

/// Stands in while `derive(Aggregate)` reports the mistake; never exists.
#[derive(Debug)]
pub enum NoEvent {}

impl Event for NoEvent {
    const SCHEMA: EventSchema = EventSchema {
        name: "NoEvent",
        types: &[],
        retired: &[],
        legacy: &[],
        other: None,
    };

    fn event_type(&self) -> &'static str {
        match *self {}
    }

    fn schema_version(&self) -> SchemaVersion {
        match *self {}
    }

    fn encode(&self) -> Result<String, EncodeError> {
        match *self {}
    }

    fn decode(stored: &StoredEvent<'_>) -> Result<Decoded<Self>, DecodeError> {
        super::unknown_type(stored)
    }
}
