//! Reading the log, and the names of the streams in it.

use futures_util::StreamExt as _;
use rehydrate_port::{CensusEntry, LogPage, LogQuery, Page, Position, StoreError};
use sqlx::mysql::MySqlRow;
use sqlx::{MySql, MySqlConnection, Row as _, ValueRef as _};

use super::dialect::stream;
use super::dialect::text;
use super::error::explain;
use super::statements;
use crate::dialect::Dialect as _;
use crate::dialect::census;
use crate::dialect::pages::{PAGE_BYTES, push_to_log};
use crate::dialect::rows;

pub(super) async fn watermark(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<Position, StoreError> {
    let last: i64 = sqlx::query_scalar(statements::WATERMARK)
        .fetch_one(connection)
        .await
        .map_err(|error| explain(store, "find the watermark", error))?;
    Ok(position(last))
}

/// A position that may be 0, before the first event.
pub(super) fn position(value: i64) -> Position {
    Position::new(u64::try_from(value).unwrap_or(0))
}

/// A page of the log, and whether there is nothing left to read on the connection.
pub(super) async fn read_log(
    connection: &mut MySqlConnection,
    query: &LogQuery,
    store: &str,
) -> Result<(LogPage, bool), StoreError> {
    let select = if query.categories.is_empty() {
        sqlx::query(statements::READ_LOG).bind(rows::clamp(query.after.get()))
    } else {
        sqlx::query(statements::READ_LOG_OF_CATEGORIES)
            .bind(rows::clamp(query.after.get()))
            .bind(format!("/{}/", query.categories.join("/")).into_bytes())
    };
    let mut rows = select.bind(rows::clamp(query.limit)).fetch(connection);
    let mut events = Page::new();
    let mut watermark = Position::ZERO;
    let mut is_whole = true;
    while let Some(row) = rows.next().await {
        let row = row.map_err(|error| explain(store, "read the log", error))?;
        if let Some(position) = watermark_in(&row, store)? {
            watermark = position;
            continue;
        }
        push_to_log(&mut events, stream(&row), MySql::event(&row))?;
        if events.bytes() >= PAGE_BYTES {
            is_whole = false;
            break;
        }
    }
    let is_last = is_whole && events.len() < query.limit;
    let last = events.last().map_or(query.after, |event| event.position);
    let page = LogPage {
        events,
        read_to: if is_last {
            watermark.max(query.after)
        } else {
            last
        },
        watermark,
    };
    Ok((page, is_whole))
}

/// The watermark, in the row that is no event.
fn watermark_in(row: &MySqlRow, store: &str) -> Result<Option<Position>, StoreError> {
    let read = || -> Result<_, sqlx::Error> {
        if row.try_get_raw(0)?.is_null() {
            Ok(Some(position(row.try_get(1)?)))
        } else {
            Ok(None)
        }
    };
    read().map_err(|error| explain(store, "read the log", error))
}

pub(super) async fn census(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<Vec<CensusEntry>, StoreError> {
    let rows = sqlx::query(statements::CENSUS)
        .fetch_all(connection)
        .await
        .map_err(|error| explain(store, census::ACTION, error))?;
    census::entries::<MySql>(&rows, store)
}

pub(super) async fn list_streams(
    connection: &mut MySqlConnection,
    category: &str,
    after: Option<&str>,
    limit: usize,
    store: &str,
) -> Result<Vec<String>, StoreError> {
    let failed = |error| explain(store, "list streams", error);
    let rows = sqlx::query(statements::LIST_STREAMS)
        .bind(category.as_bytes())
        .bind(after.unwrap_or("").as_bytes())
        .bind(rows::clamp(limit))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    let ids = rows.iter().map(|row| text(row, 0).map(ToOwned::to_owned));
    ids.collect::<Result<_, _>>().map_err(failed)
}
