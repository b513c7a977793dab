//! Reading the log, and the names of the streams in it.

use futures_util::StreamExt as _;
use rehydrate_port::{CensusEntry, LogPage, LogQuery, Page, Position, StoreError};
use sqlx::{PgConnection, Postgres, Row as _};

use super::backlog::Backlog;
use super::error::explain;
use super::rows::stream;
use super::statements::Statements;
use crate::dialect::Dialect as _;
use crate::dialect::census;
use crate::dialect::pages::{PAGE_BYTES, push_to_log};
use crate::dialect::rows::clamp;

/// How far the log can be read, and why not further.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) watermark: Position,
    pub(super) head: Position,
    pub(super) is_held: bool,
}

pub(super) async fn progress(
    connection: &mut PgConnection,
    statements: &Statements,
    store: &str,
) -> Result<Progress, StoreError> {
    let failed = |error| explain(store, "find the watermark", error);
    let row = statements
        .watermark()
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    let read = || -> Result<Progress, sqlx::Error> {
        Ok(Progress {
            watermark: position(row.try_get(0)?),
            head: position(row.try_get(1)?),
            is_held: row.try_get(2)?,
        })
    };
    read().map_err(failed)
}

/// Reads a page; `backlog` remembers what earlier ones have told.
pub(super) async fn read_log(
    connection: &mut PgConnection,
    statements: &Statements,
    query: &LogQuery,
    backlog: &Backlog,
    store: &str,
) -> Result<LogPage, StoreError> {
    if let Some(page) = backlog.read(connection, statements, query, store).await? {
        return Ok(page);
    }
    let page = read_to_watermark(connection, statements, query, store).await?;
    backlog.learn(&page);
    Ok(page)
}

async fn read_to_watermark(
    connection: &mut PgConnection,
    statements: &Statements,
    query: &LogQuery,
    store: &str,
) -> Result<LogPage, StoreError> {
    let failed = |error| explain(store, "read the log", error);
    let bytes = clamp(PAGE_BYTES);
    let select = if query.categories.is_empty() {
        statements.read_log()
    } else {
        statements.read_log_of_categories()
    };
    let mut select = select
        .bind(clamp(query.after.get()))
        .bind(clamp(query.limit))
        .bind(bytes);
    if !query.categories.is_empty() {
        select = select.bind(query.categories.clone());
    }
    let mut rows = select.fetch(connection);
    let watermark = match rows.next().await {
        Some(row) => {
            let row = row.map_err(failed)?;
            position(row.try_get(1).map_err(failed)?)
        }
        None => Position::ZERO,
    };
    let mut events = Page::new();
    let mut size = 0;
    while let Some(row) = rows.next().await {
        let row = row.map_err(failed)?;
        push_to_log(&mut events, stream(&row, None), Postgres::event(&row))?;
        size = row.try_get(10).map_err(failed)?;
    }
    let is_whole = query.limit > 0 && events.len() < query.limit && size < bytes;
    let read_to = match events.last() {
        _ if is_whole => watermark.max(query.after),
        Some(last) => last.position,
        None => query.after,
    };
    Ok(LogPage {
        events,
        read_to,
        watermark,
    })
}

pub(super) async fn census(
    connection: &mut PgConnection,
    statements: &Statements,
    store: &str,
) -> Result<Vec<CensusEntry>, StoreError> {
    let rows = statements
        .census()
        .fetch_all(connection)
        .await
        .map_err(|error| explain(store, census::ACTION, error))?;
    census::entries::<Postgres>(&rows, store)
}

pub(super) async fn list_streams(
    connection: &mut PgConnection,
    statements: &Statements,
    category: &str,
    after: Option<&str>,
    limit: usize,
    store: &str,
) -> Result<Vec<String>, StoreError> {
    let failed = |error| explain(store, "list streams", error);
    let rows = statements
        .list_streams()
        .bind(category.to_owned())
        .bind(after.unwrap_or("").to_owned())
        .bind(clamp(limit))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(failed))
        .collect()
}

/// A position, or 0 before the first one.
fn position(value: i64) -> Position {
    Position::new(u64::try_from(value).unwrap_or(0))
}
