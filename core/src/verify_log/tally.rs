//! What a page of the log comes to.

use std::collections::{BTreeMap, HashMap};

use rehydrate_port::{DecodeError, Page, SchemaVersion, StoredEvent};

use super::report::UnreadableEvent;
use crate::error::{no_panic, whole_text};
use crate::schema::{AnyEvent, Meaning};

/// The longest text of a failure: what is stored may be quoted in it.
const LONGEST: usize = 1_000;

/// The events of a page by category, type and schema version, in any order.
pub(super) type Tallies = Vec<((String, String, SchemaVersion), Tally)>;

/// Some events of one type and version.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) meaning: Option<Meaning>,
    pub(super) events: u64,
    pub(super) decoded_to: u64,
    pub(super) failed: u64,
    pub(super) first_failure: Option<UnreadableEvent>,
}

pub(super) fn of_page(events: &BTreeMap<&'static str, AnyEvent>, page: &Page) -> Tallies {
    // By what the page holds, so that an event costs no allocation.
    let mut tallies: HashMap<(&str, &str, SchemaVersion), Tally> = HashMap::new();
    for event in page.iter() {
        let reader = events.get(event.category);
        let key = (event.category, event.event_type, event.schema_version);
        let tally = tallies
            .entry(key)
            .or_insert_with(|| Tally::new(reader, &event));
        tally.take(reader, &event);
    }
    let owned = tallies
        .into_iter()
        .map(|((category, event_type, version), tally)| {
            ((category.to_owned(), event_type.to_owned(), version), tally)
        });
    owned.collect()
}

impl Tally {
    fn new(reader: Option<&AnyEvent>, event: &StoredEvent<'_>) -> Self {
        Self {
            meaning: reader.map(|reader| {
                let schema = reader.schema();
                schema.meaning(event.event_type, event.schema_version)
            }),
            events: 0,
            decoded_to: 0,
            failed: 0,
            first_failure: None,
        }
    }

    fn take(&mut self, reader: Option<&AnyEvent>, event: &StoredEvent<'_>) {
        self.events += 1;
        let read = reader.map_or_else(|| Err(of_no_aggregate()), |reader| read(reader, event));
        match read {
            Ok(events) => self.decoded_to += events as u64,
            Err(error) => {
                self.failed += 1;
                self.first_failure
                    .get_or_insert_with(|| UnreadableEvent::new(event, error));
            }
        }
    }

    /// Adds what comes later in the log.
    pub(super) fn add(&mut self, later: Self) {
        self.events += later.events;
        self.decoded_to += later.decoded_to;
        self.failed += later.failed;
        if self.first_failure.is_none() {
            self.first_failure = later.first_failure;
        }
    }
}

/// How many of today's events a stored one is, or what is wrong with it.
fn read(reader: &AnyEvent, stored: &StoredEvent<'_>) -> Result<usize, String> {
    let decode = || -> Result<usize, DecodeError> {
        let events = reader.decode(stored)?;
        // The history of an aggregate and the deliveries of a reactor show it.
        stored.metadata()?;
        Ok(events)
    };
    let mut text = match no_panic(decode) {
        Ok(Ok(events)) => return Ok(events),
        Ok(Err(error)) => whole_text(&error.problem),
        Err(panic) => format!("cannot be decoded, the code that reads it {panic}"),
    };
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    Err(text)
}

fn of_no_aggregate() -> String {
    "is of a category that no aggregate of this program has: name the aggregate to whoever verifies, or deploy the program that wrote it".to_owned()
}
