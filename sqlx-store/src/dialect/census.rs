//! The rows of a census.

use chrono::{DateTime, Utc};
use rehydrate_port::{CensusEntry, StoreError};

use super::Dialect;
use super::rows::{Fault, absurd, position, schema_version};

/// A row of `census.sql`.
#[derive(Debug)]
pub(crate) struct RawCensus<'r> {
    pub(crate) category: &'r str,
    pub(crate) event_type: &'r str,
    pub(crate) schema_version: i64,
    pub(crate) events: i64,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) first_recorded_at: DateTime<Utc>,
    pub(crate) last_recorded_at: DateTime<Utc>,
}

/// The rows, of which there is one for each type and version.
pub(crate) fn entries<D: Dialect>(
    rows: &[D::Row],
    store: &str,
) -> Result<Vec<CensusEntry>, StoreError> {
    let entry = |row| {
        let raw = D::census(row).map_err(|error| D::explain(store, ACTION, error))?;
        entry(&raw).map_err(|fault| explain(&raw, fault))
    };
    rows.iter().map(entry).collect()
}

/// What is being done, for errors.
pub(crate) const ACTION: &str = "count the events of each type";

fn entry(raw: &RawCensus<'_>) -> Result<CensusEntry, Fault> {
    Ok(CensusEntry {
        category: raw.category.to_owned(),
        event_type: raw.event_type.to_owned(),
        schema_version: schema_version(raw.schema_version)?,
        events: count(raw.events)?,
        first: position(raw.first)?,
        last: position(raw.last)?,
        first_recorded_at: raw.first_recorded_at,
        last_recorded_at: raw.last_recorded_at,
    })
}

fn count(value: i64) -> Result<u64, Fault> {
    u64::try_from(value).map_err(|_| absurd("number of events", value))
}

/// No stream can be blamed: the row is made of those of many.
fn explain(raw: &RawCensus<'_>, fault: Fault) -> StoreError {
    let reason = match fault {
        Fault::Absurd { column, value } => format!("{column} {value} is stored, which cannot be"),
        Fault::Unreadable(error) => error.to_string(),
    };
    let source = format!("type `{}` of {}: {reason}", raw.event_type, raw.category);
    StoreError::Backend {
        action: ACTION,
        source: source.into(),
    }
}
