//! What a page of the log comes to.

use std::collections::HashMap;

use super::reader::CategoryReader;
use super::report::LogFailure;
use crate::page::{Page, StoredEvent};
use crate::schema::Meaning;
use crate::stream::SchemaVersion;

/// The events of a page by category, type and schema version, in any order.
pub(super) type Tallies = Vec<((String, String, SchemaVersion), Tally)>;

/// Some events of one type and version.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) meaning: Option<Meaning>,
    pub(super) events: u64,
    pub(super) decoded_to: u64,
    pub(super) failed: u64,
    pub(super) first_failure: Option<LogFailure>,
}

pub(super) fn of_page(readers: &HashMap<&'static str, CategoryReader>, page: &Page) -> Tallies {
    // By what the page holds, so that an event costs no allocation.
    let mut tallies: HashMap<(&str, &str, SchemaVersion), Tally> = HashMap::new();
    for event in page.iter() {
        let reader = readers.get(event.category);
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
    fn new(reader: Option<&CategoryReader>, event: &StoredEvent<'_>) -> Self {
        Self {
            meaning: reader.map(|reader| reader.meaning(event.event_type, event.schema_version)),
            events: 0,
            decoded_to: 0,
            failed: 0,
            first_failure: None,
        }
    }

    fn take(&mut self, reader: Option<&CategoryReader>, event: &StoredEvent<'_>) {
        self.events += 1;
        let read = reader.map_or_else(|| Err(of_no_aggregate()), |reader| reader.read(event));
        match read {
            Ok(events) => self.decoded_to += events as u64,
            Err(error) => {
                self.failed += 1;
                self.first_failure
                    .get_or_insert_with(|| LogFailure::new(event, error));
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

fn of_no_aggregate() -> String {
    "is of a category that no aggregate of this program has: name the aggregate to whoever verifies, or deploy the program that wrote it".to_owned()
}
