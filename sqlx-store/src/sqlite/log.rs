//! Reading the log, and the names of the streams in it.

use futures_util::StreamExt as _;
use rehydrate::{CensusEntry, LogPage, LogQuery, Page, Position, StoreError};
use sqlx::{Sqlite, SqliteConnection};

use super::error::explain;
use super::statements;
use crate::dialect::census;
use crate::dialect::pages::{PAGE_BYTES, push_to_log};
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

pub(super) async fn read_log(
    connection: &mut SqliteConnection,
    query: &LogQuery,
    store: &str,
) -> Result<LogPage, StoreError> {
    // First: everything at or below it can be seen by the statement that follows.
    let watermark = watermark(connection, store).await?;
    let statement = if query.categories.is_empty() {
        statements::READ_LOG
    } else {
        statements::READ_LOG_OF_CATEGORIES
    };
    let mut select = sqlx::query(statement)
        .bind(rows::clamp(query.after.get()))
        .bind(rows::clamp(watermark.get()))
        .bind(rows::clamp(query.limit));
    if !query.categories.is_empty() {
        select = select.bind(rows::json_array(&query.categories));
    }
    let mut rows = select.fetch(connection);
    let mut events = Page::new();
    let mut is_whole = true;
    while let Some(row) = rows.next().await {
        let row = row.map_err(|error| explain(store, "read the log", error))?;
        push_to_log::<Sqlite>(&mut events, &row)?;
        if events.len() >= query.limit || events.bytes() >= PAGE_BYTES {
            is_whole = false;
            break;
        }
    }
    let last = events.last().map_or(query.after, |event| event.position);
    let read_to = if is_whole && query.limit > 0 {
        watermark.max(query.after)
    } else {
        last
    };
    Ok(LogPage {
        events,
        read_to,
        watermark,
    })
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
