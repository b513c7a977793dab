//! Rows of this database, for what all of them share.

use rehydrate_port::StoreError;
use sqlx::mysql::MySqlRow;
use sqlx::{MySql, Row as _, ValueRef as _};
use uuid::Uuid;

use super::error;
use crate::dialect::Dialect;
use crate::dialect::census::RawCensus;
use crate::dialect::rows::{self, RawCommand, RawEvent, RawSnapshot};

impl Dialect for MySql {
    fn event(row: &MySqlRow) -> Result<RawEvent<'_>, sqlx::Error> {
        Ok(RawEvent {
            version: row.try_get(0)?,
            position: row.try_get(1)?,
            event_type: text(row, 2)?,
            schema_version: row.try_get(3)?,
            payload: row.try_get(4)?,
            metadata: row.try_get(5)?,
            event_id: event_id(row.try_get(6)?)?,
            recorded_at: rows::time(row.try_get(7)?)?,
        })
    }

    fn census(row: &MySqlRow) -> Result<RawCensus<'_>, sqlx::Error> {
        Ok(RawCensus {
            category: text(row, 0)?,
            event_type: text(row, 1)?,
            schema_version: row.try_get(2)?,
            events: row.try_get(3)?,
            first: row.try_get(4)?,
            last: row.try_get(5)?,
            first_recorded_at: rows::time(row.try_get(6)?)?,
            last_recorded_at: rows::time(row.try_get(7)?)?,
        })
    }

    fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
        error::explain(store, action, error)
    }
}

/// The category and the stream id in a row of `read_log.sql`.
pub(super) fn stream(row: &MySqlRow) -> Result<(&str, &str), sqlx::Error> {
    Ok((text(row, 8)?, text(row, 9)?))
}

/// What a row of `read_stream.sql` is.
#[derive(Debug)]
pub(super) enum Part {
    Command(RawCommand),
    Snapshot(RawSnapshot),
    Event,
}

pub(super) fn part(row: &MySqlRow) -> Result<Part, sqlx::Error> {
    if row.try_get_raw(8)?.is_null() {
        return Ok(Part::Event);
    }
    let version = row.try_get(0)?;
    let position = row.try_get(1)?;
    let recorded_at = rows::time(row.try_get(7)?)?;
    let fingerprint = row.try_get(9)?;
    Ok(match text(row, 8)? {
        "command" => Part::Command(RawCommand {
            fingerprint,
            category: text(row, 10)?.to_owned(),
            stream_id: text(row, 11)?.to_owned(),
            version,
            position,
            recorded_at,
        }),
        _ => Part::Snapshot(RawSnapshot {
            version,
            position,
            recorded_at,
            fingerprint,
            state: row.try_get(4)?,
        }),
    })
}

/// A row of `find_command.sql`.
pub(super) fn command(row: &MySqlRow) -> Result<RawCommand, sqlx::Error> {
    Ok(RawCommand {
        fingerprint: row.try_get(0)?,
        category: text(row, 1)?.to_owned(),
        stream_id: text(row, 2)?.to_owned(),
        version: row.try_get(3)?,
        position: row.try_get(4)?,
        recorded_at: rows::time(row.try_get(5)?)?,
    })
}

/// Text in a column of bytes, which the driver does not take for text by itself.
pub(super) fn text(row: &MySqlRow, index: usize) -> Result<&str, sqlx::Error> {
    row.try_get_unchecked(index)
}

fn event_id(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(|error| sqlx::Error::ColumnDecode {
        index: "event_id".to_owned(),
        source: error.into(),
    })
}
