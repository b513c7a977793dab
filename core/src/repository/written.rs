//! Events as they will be stored, and as they will be read.

use chrono::{DateTime, Utc};
use rehydrate_port::{DecodeError, EventRow, NewEvent, Position, StoredEvent, Version};

use crate::aggregate::Aggregate;
use crate::error::EncodeError;
use crate::event::{Decoded, Event, decode_guarded};

/// An event on its way to the store.
///
/// The state takes what a load will find, not what the decision had in hand: an event whose
/// encoding loses something leads to the same state now and after every replay, and one that cannot
/// be read back is never stored.
pub(crate) struct Written<E> {
    pub(crate) new: NewEvent,
    pub(crate) read: Decoded<E>,
}

impl<E: Event> Written<E> {
    pub(crate) fn of<A: Aggregate<Event = E>>(event: &E) -> Result<Self, EncodeError> {
        let new = NewEvent::new(event.event_type(), event.schema_version(), event.encode()?);
        match read_back::<A>(&new) {
            Ok(read) => Ok(Self { new, read }),
            Err(error) => Err(EncodeError {
                event_type: event.event_type(),
                source: serde::ser::Error::custom(unreadable(&error)),
            }),
        }
    }
}

fn read_back<A: Aggregate>(new: &NewEvent) -> Result<Decoded<A::Event>, DecodeError> {
    let written = StoredEvent::from(EventRow {
        category: A::CATEGORY,
        stream_id: "",
        version: Version::ZERO,
        position: Position::ZERO,
        event_type: &new.event_type,
        schema_version: new.schema_version,
        payload: &new.payload,
        metadata: None,
        event_id: new.id,
        recorded_at: DateTime::<Utc>::UNIX_EPOCH,
    });
    decode_guarded(&written, A::Event::decode)
}

fn unreadable(error: &DecodeError) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    format!(
        "it could not be read back, so it is not stored: it {}{}",
        error.problem,
        cause.map(|cause| format!(": {cause}")).unwrap_or_default()
    )
}
