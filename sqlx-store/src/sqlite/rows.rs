//! Rows of SQLite's.

use rehydrate_port::StoreError;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite};
use uuid::Uuid;

use super::error::explain;
use crate::dialect::Dialect;
use crate::dialect::census::RawCensus;
use crate::dialect::rows::{RawEvent, time};

impl Dialect for Sqlite {
    fn event(row: &SqliteRow) -> Result<RawEvent<'_>, sqlx::Error> {
        Ok(RawEvent {
            version: row.try_get(0)?,
            position: row.try_get(1)?,
            event_type: row.try_get(2)?,
            schema_version: row.try_get(3)?,
            payload: row.try_get(4)?,
            metadata: row.try_get(5)?,
            event_id: event_id(row.try_get(6)?)?,
            recorded_at: time(row.try_get(7)?)?,
        })
    }

    fn census(row: &SqliteRow) -> Result<RawCensus<'_>, sqlx::Error> {
        Ok(RawCensus {
            category: row.try_get(0)?,
            event_type: row.try_get(1)?,
            schema_version: row.try_get(2)?,
            events: row.try_get(3)?,
            first: row.try_get(4)?,
            last: row.try_get(5)?,
            first_recorded_at: time(row.try_get(6)?)?,
            last_recorded_at: time(row.try_get(7)?)?,
        })
    }

    fn explain(store: &str, action: &'static str, error: sqlx::Error) -> StoreError {
        explain(store, action, error)
    }
}

pub(super) fn event_id(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(|error| sqlx::Error::ColumnDecode {
        index: "event_id".to_owned(),
        source: error.into(),
    })
}
