//! What a stored event is today, and how it stands in the copy.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use rehydrate_port::{EventRow, Page, Position, SchemaVersion, StoredEvent, StreamId, Version};
use serde::Serialize;
use twox_hash::XxHash3_128;
use uuid::Uuid;

use super::comparing::{Compared, Sides, compare};
use super::json::same_but_for_order;
use super::{UpcastCopyError, UpcastFate};
use crate::aggregate::Aggregate;
use crate::event::{Decoded, Event, decode_guarded};
use crate::schema::Meaning;

/// An aggregate of some type.
#[async_trait]
pub(super) trait AnyAggregate: Send + Sync {
    /// What a stored event is today.
    fn today(&self, stored: &StoredEvent<'_>) -> Result<Today, UpcastCopyError>;

    /// Folds a stream from both stores.
    async fn compare(
        &self,
        sides: &Sides<'_>,
        stream: StreamId,
    ) -> Result<Compared, UpcastCopyError>;
}

/// What a stored event is today.
pub(super) enum Today {
    /// What it was when it was stored.
    AsStored(UpcastFate),
    /// Nothing, because its type is retired.
    Nothing,
    /// An event of today's, in its own encoding.
    One(Encoded),
    /// None or several, because it was split.
    Split(Vec<Encoded>),
}

/// An event of today's, as it is written.
pub(super) struct Encoded {
    event_type: &'static str,
    schema_version: SchemaVersion,
    payload: String,
}

impl Today {
    pub(super) fn fate(&self, is_renumbered: bool) -> UpcastFate {
        match self {
            Self::AsStored(fate) => *fate,
            Self::One(_) => UpcastFate::Rewritten,
            Self::Nothing if is_renumbered => UpcastFate::LeftOut,
            Self::Nothing => UpcastFate::KeptRetired,
            Self::Split(parts) if is_renumbered && parts.is_empty() => UpcastFate::LeftOut,
            Self::Split(_) if is_renumbered => UpcastFate::Split,
            Self::Split(_) => UpcastFate::KeptLegacy,
        }
    }
}

pub(super) struct Typed<A> {
    aggregate: PhantomData<fn() -> A>,
    /// Whether the JSON of its states has been seen to come in another order.
    varies: AtomicBool,
}

impl<A> Typed<A> {
    pub(super) fn new() -> Self {
        Self {
            aggregate: PhantomData,
            varies: AtomicBool::new(false),
        }
    }
}

#[async_trait]
impl<A: Aggregate + Serialize> AnyAggregate for Typed<A> {
    fn today(&self, stored: &StoredEvent<'_>) -> Result<Today, UpcastCopyError> {
        let mut events = match decode_guarded(stored, A::Event::decode)? {
            Decoded::Retired => return Ok(Today::Nothing),
            Decoded::One(event) => {
                let is_current = event.event_type() == stored.event_type
                    && event.schema_version() == stored.schema_version;
                let meaning = A::Event::SCHEMA.meaning(stored.event_type, stored.schema_version);
                return Ok(match meaning {
                    // The event that stands for it cannot be written.
                    Meaning::Tolerated => Today::AsStored(UpcastFate::KeptOther),
                    _ if is_current => Today::AsStored(UpcastFate::Current),
                    _ => Today::One(encode(stored, &event)?),
                });
            }
            Decoded::Many(events) => events,
        };
        Ok(match (events.pop(), events.is_empty()) {
            (Some(only), true) => Today::One(encode(stored, &only)?),
            (last, _) => {
                let parts = events.iter().chain(&last);
                let parts = parts.map(|event| encode(stored, event));
                Today::Split(parts.collect::<Result<_, _>>()?)
            }
        })
    }

    async fn compare(
        &self,
        sides: &Sides<'_>,
        stream: StreamId,
    ) -> Result<Compared, UpcastCopyError> {
        compare::<A>(sides, stream, &self.varies).await
    }
}

/// Encodes an event, if it can be read back as what it is.
fn encode<E: Event>(stored: &StoredEvent<'_>, event: &E) -> Result<Encoded, UpcastCopyError> {
    let write = |event: &E| {
        event.encode().map_err(|source| UpcastCopyError::Encode {
            event: Box::new(stored.address()),
            source,
        })
    };
    let encoded = Encoded {
        event_type: event.event_type(),
        schema_version: event.schema_version(),
        payload: write(event)?,
    };
    let mut page = Page::new();
    page.push(&EventRow {
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        payload: &encoded.payload,
        ..stored.row()
    });
    let not_read_back = |source| UpcastCopyError::NotReadBack {
        event: Box::new(stored.address()),
        source,
    };
    let read = page
        .first()
        .map(|written| decode_guarded(&written, E::decode));
    let read = read
        .transpose()
        .map_err(|error| not_read_back(error.into()))?;
    let again = match &read {
        Some(Decoded::One(event)) => write(event)?,
        _ => return Err(not_read_back("it is not read as one event".into())),
    };
    if same_but_for_order(&encoded.payload, &again) {
        Ok(encoded)
    } else {
        let reason = format!("{} is read as {again}", encoded.payload);
        Err(not_read_back(reason.into()))
    }
}

/// Events as they are to stand in the target, and which of them were encoded anew.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) page: Page,
    pub(super) is_rewritten: Vec<bool>,
}

impl Rows {
    fn push(&mut self, row: &EventRow<'_>, is_rewritten: bool) {
        self.page.push(row);
        self.is_rewritten.push(is_rewritten);
    }
}

/// Adds what becomes of an event: in place, or with new numbers.
pub(super) fn rows_of(
    stored: &StoredEvent<'_>,
    today: &Today,
    numbers: Option<&mut Numbers>,
    rows: &mut Rows,
) {
    match (numbers, today) {
        (None, Today::One(event)) => rows.push(&event.row(stored.row()), true),
        (None, Today::AsStored(_) | Today::Nothing | Today::Split(_)) => {
            rows.push(&stored.row(), false);
        }
        (Some(numbers), Today::Nothing) => numbers.shift(stored, -1),
        (Some(numbers), Today::AsStored(_)) => rows.push(&numbers.next(stored, 0), false),
        (Some(numbers), Today::One(event)) => {
            rows.push(&event.row(numbers.next(stored, 0)), true);
        }
        (Some(numbers), Today::Split(parts)) => {
            for (part, event) in (0..).zip(parts) {
                rows.push(&event.row(numbers.next(stored, part)), true);
            }
            numbers.shift(stored, i64::try_from(parts.len()).unwrap_or(i64::MAX) - 1);
        }
    }
}

impl Encoded {
    fn row<'a>(&'a self, place: EventRow<'a>) -> EventRow<'a> {
        EventRow {
            event_type: self.event_type,
            schema_version: self.schema_version,
            payload: &self.payload,
            ..place
        }
    }
}

/// Positions and versions of a copy that counts anew.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    position: Position,
    /// By how much the next version of a stream differs from the source's; nothing if it does not.
    shifted: HashMap<u128, i64>,
}

impl Numbers {
    /// Where a part of an event is to stand.
    fn next<'a>(&mut self, stored: &StoredEvent<'a>, part: u64) -> EventRow<'a> {
        self.position = Position::new(self.position.get() + 1);
        let shift = self.shifted.get(&stream_hash(stored)).copied();
        let version = stored.version.get() + part;
        EventRow {
            position: self.position,
            version: Version::new(version.saturating_add_signed(shift.unwrap_or(0))),
            event_id: part_id(stored.event_id, part),
            ..stored.row()
        }
    }

    fn shift(&mut self, stored: &StoredEvent<'_>, by: i64) {
        if by != 0 {
            *self.shifted.entry(stream_hash(stored)).or_default() += by;
        }
    }
}

fn stream_hash(stored: &StoredEvent<'_>) -> u128 {
    let mut hash = XxHash3_128::new();
    // With its length, so that no category can pass for a part of an id.
    hash.write(&(stored.category.len() as u64).to_le_bytes());
    hash.write(stored.category.as_bytes());
    hash.write(stored.stream_id.as_bytes());
    hash.finish_128()
}

/// The id of a part: of the first one that of the event, of the others one that is made of it.
fn part_id(event: Uuid, part: u64) -> Uuid {
    if part == 0 {
        return event;
    }
    let mut hash = XxHash3_128::new();
    hash.write(event.as_bytes());
    hash.write(&part.to_le_bytes());
    uuid::Builder::from_custom_bytes(hash.finish_128().to_be_bytes()).into_uuid()
}
