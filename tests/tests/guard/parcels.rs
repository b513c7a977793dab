//! Parcels on their way: stored events with text, with numbers alone, and of an older version.

use chrono::DateTime;
use rehydrate::{Aggregate, Event, EventRow, Page, Position, SchemaVersion, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
pub(crate) enum ParcelEvent {
    Accepted {
        sender: String,
        receiver: String,
        city: String,
    },
    Weighed {
        grams: u64,
        scales: u32,
        at: i64,
    },
    #[event(history(ScannedV1))]
    Scanned {
        depot: String,
        at: i64,
    },
}

/// The same, with texts that are lent.
#[derive(Event, Serialize, Deserialize)]
#[event(borrow)]
pub(crate) enum LentEvent {
    Accepted {
        sender: String,
        receiver: String,
        city: String,
    },
}

#[derive(Aggregate, Debug, Default)]
#[aggregate(id = u64, event = LentEvent, category = "parcel")]
pub(crate) struct Lent {
    pub(crate) letters: usize,
}

impl ApplyLentEvent for Lent {
    fn accepted(&mut self, sender: &str, receiver: &str, city: &str) {
        self.letters += sender.len() + receiver.len() + city.len();
    }
}

/// It was in seconds.
#[derive(Deserialize)]
pub(crate) struct ScannedV1 {
    depot: String,
    seconds: i64,
}

impl From<ScannedV1> for ParcelEvent {
    fn from(old: ScannedV1) -> Self {
        Self::Scanned {
            depot: old.depot,
            at: old.seconds * 1_000_000,
        }
    }
}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(id = u64, event = ParcelEvent)]
pub(crate) struct Parcel {
    pub(crate) letters: usize,
    pub(crate) grams: u64,
    pub(crate) scans: u64,
    pub(crate) latest: i64,
}

impl ApplyParcelEvent for Parcel {
    fn accepted(&mut self, sender: String, receiver: String, city: String) {
        self.letters += sender.len() + receiver.len() + city.len();
    }

    fn weighed(&mut self, grams: u64, scales: u32, at: i64) {
        self.grams += grams + u64::from(scales);
        self.latest = at;
    }

    fn scanned(&mut self, depot: String, at: i64) {
        self.letters += depot.len();
        self.scans += 1;
        self.latest = at;
    }
}

/// What is measured separately.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Three texts: as many allocations as an event that owns them cannot do without.
    Text,
    /// None: nothing has to be allocated.
    Numbers,
    /// One text, in the shape of schema version 1.
    Old,
}

impl Kind {
    fn payload(self, number: u64) -> (&'static str, u32, String) {
        let at = 1_700_000_000 + number;
        match self {
            Self::Text => {
                let sender = format!(r#""sender":"Mercantile and Sons, warehouse {number}""#);
                let receiver = format!(r#""receiver":"Ada Lovelace, Ockham Park {number}""#);
                let text = format!(r#"{{{sender},{receiver},"city":"Ockham, Surrey"}}"#);
                ("accepted", 1, text)
            }
            Self::Numbers => {
                let weight = format!(r#""grams":{},"scales":{}"#, number % 9_000, number % 17);
                ("weighed", 1, format!(r#"{{{weight},"at":{at}000000}}"#))
            }
            Self::Old => {
                let depot = format!(r#""depot":"Depot number {number}""#);
                ("scanned", 1, format!(r#"{{{depot},"seconds":{at}}}"#))
            }
        }
    }
}

/// So many events of a kind, as a store hands them over, in so many streams.
pub(crate) fn stored(kind: Kind, events: u64, streams: u64) -> Page {
    let mut page = Page::new();
    for number in 0..events {
        let (event_type, schema_version, payload) = kind.payload(number);
        page.push(&EventRow {
            category: Parcel::CATEGORY,
            stream_id: &(number % streams).to_string(),
            version: Version(number / streams + 1),
            position: Position(number + 1),
            event_type,
            schema_version: SchemaVersion(schema_version),
            payload: &payload,
            metadata: None,
            event_id: Uuid::from_u128(u128::from(number)),
            recorded_at: DateTime::UNIX_EPOCH,
        });
    }
    page
}

/// Decodes every event and takes it into a state.
pub(crate) fn fold<A: Aggregate>(page: &Page) -> A {
    let mut state = A::default();
    for stored in page.iter() {
        state.replay(&stored).expect("it is an event of a parcel");
    }
    state
}
