//! Rows, and the numbers in them, which anybody with the file could have changed.

use chrono::{DateTime, Utc};
use rehydrate::{
    EventRow, Fingerprint, Page, Position, SchemaVersion, StoreError, StreamId, Version,
};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::error::explain;

/// What no store writes.
#[derive(Debug)]
pub(super) enum Fault {
    Unreadable(sqlx::Error),
    Absurd { column: &'static str, value: i64 },
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Fault {
    pub(super) fn explain(self, store: &str, stream: &StreamId) -> StoreError {
        match self {
            Self::Unreadable(error) => explain(store, "read a row", error),
            Self::Absurd { column, value } => StoreError::Corrupt {
                stream: stream.clone(),
                reason: format!("{column} {value} is stored, which cannot be"),
            },
        }
    }
}

/// Adds the event in a row whose first columns are those of `read_stream.sql`.
pub(super) fn push_event(
    page: &mut Page,
    row: &SqliteRow,
    category: &str,
    stream_id: &str,
) -> Result<Version, Fault> {
    let version = version(row.try_get(0)?)?;
    page.push(&EventRow {
        category,
        stream_id,
        version,
        position: position(row.try_get(1)?)?,
        event_type: row.try_get(2)?,
        schema_version: schema_version(row.try_get(3)?)?,
        payload: row.try_get(4)?,
        metadata: row.try_get(5)?,
        event_id: event_id(row.try_get(6)?)?,
        recorded_at: time(row.try_get(7)?)?,
    });
    Ok(version)
}

pub(super) fn version(value: i64) -> Result<Version, Fault> {
    match u64::try_from(value) {
        Ok(number) if number > 0 => Ok(Version::new(number)),
        _ => Err(absurd("version", value)),
    }
}

pub(super) fn position(value: i64) -> Result<Position, Fault> {
    match u64::try_from(value) {
        Ok(number) if number > 0 => Ok(Position::new(number)),
        _ => Err(absurd("position", value)),
    }
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_micros(micros).ok_or(absurd("recorded time", micros))
}

/// The same bits, in a column that has a sign.
pub(super) fn fingerprint(value: i64) -> Fingerprint {
    Fingerprint(value.cast_unsigned())
}

fn schema_version(value: i64) -> Result<SchemaVersion, Fault> {
    u32::try_from(value)
        .map(SchemaVersion::new)
        .map_err(|_| absurd("schema version", value))
}

fn event_id(bytes: &[u8]) -> Result<Uuid, Fault> {
    Uuid::from_slice(bytes).map_err(|error| {
        Fault::Unreadable(sqlx::Error::ColumnDecode {
            index: "event_id".to_owned(),
            source: error.into(),
        })
    })
}

fn absurd(column: &'static str, value: i64) -> Fault {
    Fault::Absurd { column, value }
}

/// A number to compare with or to write; SQLite has no greater one, so nothing is beyond it.
pub(super) fn clamp(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
