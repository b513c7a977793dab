//! Stored events without a store.

use chrono::DateTime;
use rehydrate::{
    DecodeError, Decoded, Event, EventRow, Page, Position, SchemaVersion, StoredEvent, Version,
};
use uuid::Uuid;

/// Does something with an event of this stored type and schema version.
pub(crate) fn with_stored<T>(
    event_type: &str,
    schema_version: u32,
    payload: &str,
    run: impl FnOnce(&StoredEvent<'_>) -> T,
) -> T {
    let mut page = Page::new();
    page.push(&EventRow {
        category: "payment",
        stream_id: "p-1",
        version: Version::new(3),
        position: Position::new(40),
        event_type,
        schema_version: SchemaVersion::new(schema_version),
        payload,
        metadata: None,
        event_id: Uuid::nil(),
        recorded_at: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
    });
    run(&page.first().expect("the event"))
}

/// Reads a payload as an event of this stored type and schema version.
pub(crate) fn decode<E: Event>(
    event_type: &str,
    schema_version: u32,
    payload: &str,
) -> Result<Decoded<E>, DecodeError> {
    with_stored(event_type, schema_version, payload, E::decode)
}

/// Reads one event that must be readable.
pub(crate) fn decode_one<E: Event>(event_type: &str, schema_version: u32, payload: &str) -> E {
    match decode(event_type, schema_version, payload) {
        Ok(Decoded::One(event)) => event,
        Ok(other) => panic!("decoded to {} events", other.len()),
        Err(error) => panic!("{error}: {:?}", error.problem),
    }
}

/// Writes the event and reads it again.
pub(crate) fn round_trip<E: Event>(event: &E) -> E {
    let payload = event.encode().expect("a payload");
    decode_one(event.event_type(), event.schema_version().get(), &payload)
}
