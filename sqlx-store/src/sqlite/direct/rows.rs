//! Rows of rusqlite's.

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type, ValueRef};
use uuid::Uuid;

use crate::dialect::rows::{RawCommand, RawEvent, RawSnapshot, time};
use crate::sqlite::error::of_rusqlite;
use crate::sqlite::rows::event_id;

/// The event in a row whose first columns are those of `read_stream.sql`.
pub(super) fn event<'r>(row: &'r Row<'_>) -> Result<RawEvent<'r>, sqlx::Error> {
    Ok(RawEvent {
        version: integer(row, 0)?,
        position: integer(row, 1)?,
        event_type: text(row, 2)?,
        schema_version: integer(row, 3)?,
        payload: text(row, 4)?,
        metadata: optional_text(row, 5)?,
        event_id: uuid(row, 6)?,
        recorded_at: time(integer(row, 7)?)?,
    })
}

/// The category and the stream id in a row of `read_log.sql`, or the stream id alone in one of
/// `read_log_of_category.sql`.
pub(super) fn stream<'r>(
    row: &'r Row<'_>,
    category: Option<&'r str>,
) -> Result<(&'r str, &'r str), sqlx::Error> {
    match category {
        Some(category) => Ok((category, text(row, 8)?)),
        None => Ok((text(row, 8)?, text(row, 9)?)),
    }
}

pub(super) fn command(row: &Row<'_>) -> Result<RawCommand, sqlx::Error> {
    Ok(RawCommand {
        fingerprint: integer(row, 0)?,
        category: text(row, 1)?.to_owned(),
        stream_id: text(row, 2)?.to_owned(),
        version: integer(row, 3)?,
        position: integer(row, 4)?,
        recorded_at: time(integer(row, 5)?)?,
    })
}

pub(super) fn snapshot(row: &Row<'_>) -> Result<RawSnapshot, sqlx::Error> {
    Ok(RawSnapshot {
        version: integer(row, 0)?,
        position: integer(row, 1)?,
        recorded_at: time(integer(row, 2)?)?,
        fingerprint: integer(row, 3)?,
        state: optional_text(row, 4)?.map(str::to_owned),
    })
}

pub(super) fn integer(row: &Row<'_>, column: usize) -> Result<i64, sqlx::Error> {
    let value = value(row, column)?;
    value.as_i64().map_err(|error| unfit(column, value, error))
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, sqlx::Error> {
    let value = value(row, column)?;
    value.as_str().map_err(|error| unfit(column, value, error))
}

fn optional_text<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r str>, sqlx::Error> {
    let value = value(row, column)?;
    let text = value.as_str_or_null();
    text.map_err(|error| unfit(column, value, error))
}

fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, sqlx::Error> {
    let value = value(row, column)?;
    let bytes = value.as_blob();
    event_id(bytes.map_err(|error| unfit(column, value, error))?)
}

fn value<'r>(row: &'r Row<'_>, column: usize) -> Result<ValueRef<'r>, sqlx::Error> {
    row.get_ref(column).map_err(of_rusqlite)
}

fn unfit(column: usize, value: ValueRef<'_>, error: FromSqlError) -> sqlx::Error {
    let found: Type = value.data_type();
    of_rusqlite(rusqlite::Error::FromSqlConversionFailure(
        column,
        found,
        error.into(),
    ))
}
