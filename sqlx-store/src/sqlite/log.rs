//! What is in the log: its end, its streams, its types.

use rehydrate_port::{CensusEntry, Position, StoreError};
use sqlx::{Sqlite, SqliteConnection};

use super::error::explain;
use super::statements;
use crate::dialect::census;
use crate::dialect::rows;

pub(super) async fn watermark(
    connection: &mut SqliteConnection,
    store: &str,
) -> Result<Position, StoreError> {
    let last: i64 = sqlx::query_scalar(statements::WATERMARK)
        .fetch_one(connection)
        .await
        .map_err(|error| explain(store, "find the watermark", error))?;
    // Positions are SQLite's own row numbers, counted from 1.
    Ok(Position::new(u64::try_from(last).unwrap_or(0)))
}

pub(super) async fn census(
    connection: &mut SqliteConnection,
    store: &str,
) -> Result<Vec<CensusEntry>, StoreError> {
    let rows = sqlx::query(statements::CENSUS)
        .fetch_all(connection)
        .await
        .map_err(|error| explain(store, census::ACTION, error))?;
    census::entries::<Sqlite>(&rows, store)
}

pub(super) async fn list_streams(
    connection: &mut SqliteConnection,
    category: &str,
    after: Option<&str>,
    limit: usize,
    store: &str,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(statements::LIST_STREAMS)
        .bind(category)
        .bind(after.unwrap_or(""))
        .bind(rows::clamp(limit))
        .fetch_all(connection)
        .await
        .map_err(|error| explain(store, "list streams", error))
}
