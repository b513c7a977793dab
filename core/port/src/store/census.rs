//! What is in a log: how many events of every type and version.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{EventStore, LogQuery};
use crate::error::StoreError;
use crate::page::EventRow;
use crate::stream::{Position, SchemaVersion};

/// The events of one stored type and schema version, in one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CensusEntry {
    /// The aggregate's stored type name.
    pub category: String,
    /// The stored type.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: SchemaVersion,
    /// How many there are.
    pub events: u64,
    /// The position of the first one.
    pub first: Position,
    /// The position of the last one.
    pub last: Position,
    /// The earliest time at which one was recorded: of an imported history not always the first's.
    pub first_recorded_at: DateTime<Utc>,
    /// The latest time at which one was recorded.
    pub last_recorded_at: DateTime<Utc>,
}

/// Counts what is in the log, page by page, for a store that cannot let its database do it.
pub(super) async fn walk<S: EventStore + ?Sized>(
    store: &S,
) -> Result<Vec<CensusEntry>, StoreError> {
    let mut census = Census::default();
    let until = store.watermark().await?;
    let mut position = Position::ZERO;
    while position < until {
        let page = store.read_log(&LogQuery::after(position)).await?;
        for event in page.events.iter() {
            census.count(&event.row());
        }
        if page.read_to == position {
            break;
        }
        position = page.read_to;
    }
    Ok(census.into_entries())
}

/// A census under way. It grows with the types and versions, not with the events.
#[derive(Debug, Default)]
struct Census {
    /// By category, type and schema version, which is the order of the result.
    seen: BTreeMap<String, BTreeMap<String, BTreeMap<SchemaVersion, CensusEntry>>>,
}

impl Census {
    fn count(&mut self, event: &EventRow<'_>) {
        match self.entry(event) {
            Some(entry) => {
                entry.events += 1;
                entry.first = entry.first.min(event.position);
                entry.last = entry.last.max(event.position);
                entry.first_recorded_at = entry.first_recorded_at.min(event.recorded_at);
                entry.last_recorded_at = entry.last_recorded_at.max(event.recorded_at);
            }
            None => self.add(event),
        }
    }

    /// The census, by category, type and schema version.
    fn into_entries(self) -> Vec<CensusEntry> {
        let types = self.seen.into_values().flat_map(BTreeMap::into_values);
        types.flat_map(BTreeMap::into_values).collect()
    }

    fn entry(&mut self, event: &EventRow<'_>) -> Option<&mut CensusEntry> {
        let types = self.seen.get_mut(event.category)?;
        types
            .get_mut(event.event_type)?
            .get_mut(&event.schema_version)
    }

    fn add(&mut self, event: &EventRow<'_>) {
        let types = self.seen.entry(event.category.to_owned()).or_default();
        let versions = types.entry(event.event_type.to_owned()).or_default();
        versions.insert(
            event.schema_version,
            CensusEntry {
                category: event.category.to_owned(),
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                events: 1,
                first: event.position,
                last: event.position,
                first_recorded_at: event.recorded_at,
                last_recorded_at: event.recorded_at,
            },
        );
    }
}
