//! Rows of PostgreSQL's.

use chrono::{DateTime, Utc};
use rehydrate_port::StoreError;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _};

use super::error::explain;
use crate::dialect::Dialect;
use crate::dialect::census::RawCensus;
use crate::dialect::rows::{self, RawCommand, RawEvent, RawSnapshot};

impl Dialect for Postgres {
    fn event(row: &PgRow) -> Result<RawEvent<'_>, sqlx::Error> {
        // Unchecked, as the columns are those of our own tables: to compare their types with those
        // wanted takes as long as to decode them. The driver has no text in a json column; what
        // comes over the wire is the text.
        Ok(RawEvent {
            version: row.try_get_unchecked(0)?,
            position: row.try_get_unchecked(1)?,
            event_type: row.try_get_unchecked(2)?,
            schema_version: row.try_get_unchecked(3)?,
            payload: row.try_get_unchecked(4)?,
            metadata: row.try_get_unchecked(5)?,
            event_id: row.try_get_unchecked(6)?,
            recorded_at: time(row.try_get_unchecked(7)?)?,
        })
    }

    fn census(row: &PgRow) -> Result<RawCensus<'_>, sqlx::Error> {
        Ok(RawCensus {
            category: row.try_get(0)?,
            event_type: row.try_get(1)?,
            schema_version: row.try_get(2)?,
            events: row.try_get(3)?,
            first: row.try_get(4)?,
            last: row.try_get(5)?,
            first_recorded_at: row.try_get(6)?,
            last_recorded_at: row.try_get(7)?,
        })
    }

    fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
        explain(store, action, error)
    }
}

/// A time as it comes over the wire, in microseconds since the year 2000. The driver makes a date
/// and a time of day of it first.
pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, sqlx::Error> {
    const EPOCH: i64 = 946_684_800_000_000;
    // A sum that is too large is no time either.
    rows::time(micros.saturating_add(EPOCH))
}

/// The category and the stream id in a row of `read_log.sql`, or the stream id alone in one of
/// `read_settled_of_category.sql`.
pub(super) fn stream<'r>(
    row: &'r PgRow,
    category: Option<&'r str>,
) -> Result<(&'r str, &'r str), sqlx::Error> {
    match category {
        Some(category) => Ok((category, row.try_get_unchecked(8)?)),
        None => Ok((row.try_get_unchecked(8)?, row.try_get_unchecked(9)?)),
    }
}

/// What a row of `read_stream.sql` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Command,
    Snapshot,
    Event,
}

pub(super) fn kind(row: &PgRow) -> Result<Kind, sqlx::Error> {
    Ok(match row.try_get::<i16, _>(8)? {
        0 => Kind::Command,
        1 => Kind::Snapshot,
        _ => Kind::Event,
    })
}

pub(super) fn command(row: &PgRow) -> Result<RawCommand, sqlx::Error> {
    let name: &str = row.try_get(2)?;
    raw_command(row, name, 3)
}

/// The command in a row with a version, a position and a recorded time, by the columns' names.
pub(super) fn raw_command(
    row: &PgRow,
    name: &str,
    fingerprint: usize,
) -> Result<RawCommand, sqlx::Error> {
    // A category has no slash in it.
    let (category, stream_id) = name.split_once('/').unwrap_or((name, ""));
    Ok(RawCommand {
        fingerprint: row.try_get(fingerprint)?,
        category: category.to_owned(),
        stream_id: stream_id.to_owned(),
        version: row.try_get("version")?,
        position: row.try_get("position")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

pub(super) fn snapshot(row: &PgRow) -> Result<RawSnapshot, sqlx::Error> {
    Ok(RawSnapshot {
        version: row.try_get(0)?,
        position: row.try_get(1)?,
        state: row.try_get(2)?,
        fingerprint: row.try_get(3)?,
        recorded_at: row.try_get(7)?,
    })
}
