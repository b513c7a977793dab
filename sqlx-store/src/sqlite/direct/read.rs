//! Reading a stream and the log, page by page.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use rehydrate::{
    Command, CommittedCommand, LogPage, LogQuery, Page, Position, SnapshotRead, StoreError,
    StreamQuery, StreamRead, Version,
};
use rusqlite::{CachedStatement, Connection, Rows, ToSql, params};
use tokio::task::JoinHandle;

use super::{outcome_of, rows};
use crate::dialect::pages::{End, Events, Fill, PAGE_BYTES, PageSize, push_to_log};
use crate::dialect::rows::{Fault, clamp, committed, json_array, snapshot, version};
use crate::sqlite::error::{explain, of_rusqlite};
use crate::sqlite::readers::Readers;
use crate::sqlite::statements;

/// What is read on the spot: to wake a thread takes longer.
const HERE: PageSize = PageSize {
    events: 250,
    bytes: 64 * 1024,
};

/// What stands before the second page.
struct Beginning {
    command: Option<CommittedCommand>,
    snapshot: SnapshotRead,
    page: Page,
    end: End,
    /// How far the stream went then.
    until: Option<Version>,
}

/// Reads a stream. The page after the one that is taken is on its way already.
pub(in crate::sqlite) async fn read_stream(
    readers: &Arc<Readers>,
    query: &StreamQuery,
) -> Result<StreamRead<'static>, StoreError> {
    let begin_here = |connection: &_, store: &_| begin(connection, query, HERE, store);
    let beginning = match readers.read_here(begin_here) {
        Some(beginning) => beginning,
        None => {
            let query = query.clone();
            let begin =
                move |connection: &_, store: &_| begin(connection, &query, PageSize::USUAL, store);
            readers.read(begin).await?
        }
    };
    let next = match beginning.end {
        End::NotYet => {
            let query = StreamQuery {
                until: beginning.until,
                ..query.clone()
            };
            Some(Ahead::start(readers, rest_of(query, &beginning.page)))
        }
        End::Reached => None,
    };
    let rest = stream::unfold(next, |ahead| async move { ahead?.page().await });
    let first = (!beginning.page.is_empty()).then_some(Ok(beginning.page));
    Ok(StreamRead {
        command: beginning.command,
        snapshot: beginning.snapshot,
        pages: stream::iter(first).chain(rest).boxed(),
    })
}

/// A page that is being read.
struct Ahead {
    readers: Arc<Readers>,
    query: StreamQuery,
    page: JoinHandle<Result<(Page, End), StoreError>>,
}

impl Ahead {
    fn start(readers: &Arc<Readers>, query: StreamQuery) -> Self {
        let wanted = query.clone();
        let read =
            move |connection: &_, store: &_| next_page(connection, &wanted, PageSize::USUAL, store);
        let page = readers.start(read).unwrap_or_else(|read| {
            let readers = Arc::clone(readers);
            tokio::spawn(async move { readers.read(read).await })
        });
        Self {
            readers: Arc::clone(readers),
            query,
            page,
        }
    }

    /// The page, and the one after it; nothing if it is empty.
    async fn page(mut self) -> Option<(Result<Page, StoreError>, Option<Self>)> {
        let page = outcome_of(&mut self.page).await;
        match page {
            Ok((page, _)) if page.is_empty() => None,
            Ok((page, End::Reached)) => Some((Ok(page), None)),
            Ok((page, End::NotYet)) => {
                let query = rest_of(self.query.clone(), &page);
                let next = Self::start(&self.readers, query);
                Some((Ok(page), Some(next)))
            }
            Err(error) => Some((Err(error), None)),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.page.abort();
    }
}

/// What is to be read after a page.
fn rest_of(mut query: StreamQuery, page: &Page) -> StreamQuery {
    if let Some(last) = page.last() {
        query.after = last.version;
    }
    query.limit = query.limit.map(|limit| limit.saturating_sub(page.len()));
    query
}

/// Reads the command, the snapshot and the first page.
fn begin(
    connection: &Connection,
    query: &StreamQuery,
    size: PageSize,
    store: &str,
) -> Result<Beginning, StoreError> {
    if let Some(command) = &query.command
        && let Some(committed) = find_command(connection, command, store)?
    {
        return Ok(Beginning {
            command: Some(committed),
            snapshot: SnapshotRead::None,
            page: Page::new(),
            end: End::Reached,
            until: None,
        });
    }
    // Before the events: those that come in between are read with the others.
    let snapshot = read_snapshot(connection, query, store)?;
    let mut query = query.clone();
    if let SnapshotRead::Found(found) = &snapshot {
        query.after = found.version;
    }
    let (page, end) = next_page(connection, &query, size, store)?;
    // The other pages are read later, and are to be of the same moment.
    let until = match end {
        End::NotYet => last_version(connection, &query, store)?,
        End::Reached => query.until,
    };
    Ok(Beginning {
        command: None,
        snapshot,
        page,
        end,
        until,
    })
}

pub(super) fn find_command(
    connection: &Connection,
    command: &Command,
    store: &str,
) -> Result<Option<CommittedCommand>, StoreError> {
    let failed = |error| explain(store, "look for a command", error);
    let key: &dyn ToSql = &command.key;
    let found = one(connection, statements::FIND_COMMAND, &[key], rows::command);
    match found.map_err(failed)? {
        None => Ok(None),
        Some(raw) => committed(&command.key, &raw).map(Some),
    }
}

fn read_snapshot(
    connection: &Connection,
    query: &StreamQuery,
    store: &str,
) -> Result<SnapshotRead, StoreError> {
    let Some(wanted) = query.snapshot else {
        return Ok(SnapshotRead::None);
    };
    let binds: [&dyn ToSql; 3] = [
        &query.stream.category(),
        &query.stream.id(),
        &wanted.0.cast_signed(),
    ];
    let read = one(
        connection,
        statements::READ_SNAPSHOT,
        &binds,
        rows::snapshot,
    );
    match read {
        Ok(None) => Ok(SnapshotRead::None),
        Ok(Some(raw)) => snapshot(query, raw),
        Err(error) => Err(match Fault::from(error) {
            Fault::Unreadable(error) => explain(store, "read a snapshot", error),
            absurd => absurd.explain(&query.stream),
        }),
    }
}

/// The stream's last version, if the query goes as far.
fn last_version(
    connection: &Connection,
    query: &StreamQuery,
    store: &str,
) -> Result<Option<Version>, StoreError> {
    let binds: [&dyn ToSql; 2] = [&query.stream.category(), &query.stream.id()];
    let last = one(connection, statements::STREAM_HEAD, &binds, |row| {
        rows::integer(row, 0)
    });
    let last = last.map_err(|error| explain(store, "read a stream", error))?;
    let last = last.map(version).transpose();
    let last = last.map_err(|fault| fault.explain(&query.stream))?;
    Ok(query.until.into_iter().chain(last).min())
}

/// The next page, which is empty only at the end.
fn next_page(
    connection: &Connection,
    query: &StreamQuery,
    size: PageSize,
    store: &str,
) -> Result<(Page, End), StoreError> {
    let failed = |error| explain(store, "read a stream", of_rusqlite(error));
    let until = query.until.map_or(i64::MAX, |until| clamp(until.get()));
    let as_of = query.as_of.map_or(i64::MAX, |time| time.timestamp_micros());
    let limit = query
        .limit
        .map_or(size.events, |limit| limit.min(size.events));
    let mut select = prepared(connection, statements::READ_STREAM).map_err(failed)?;
    let mut rows = select
        .query(params![
            query.stream.category(),
            query.stream.id(),
            clamp(query.after.get()),
            until,
            as_of,
            clamp(limit),
        ])
        .map_err(failed)?;
    let mut events = Events {
        stream: query.stream.clone(),
        last: query.after,
        store,
    };
    let mut page = Page::new();
    while let Some(row) = rows.next().map_err(failed)? {
        if events.push(&mut page, rows::event(row), size)? == Fill::Full {
            return Ok((page, End::NotYet));
        }
    }
    Ok((page, End::Reached))
}

pub(in crate::sqlite) fn watermark(
    connection: &Connection,
    store: &str,
) -> Result<Position, StoreError> {
    let last = one(connection, statements::WATERMARK, &[], |row| {
        rows::integer(row, 0)
    });
    let last = last.map_err(|error| explain(store, "find the watermark", error))?;
    // Positions are SQLite's own row numbers, counted from 1.
    Ok(Position::new(u64::try_from(last.unwrap_or(0)).unwrap_or(0)))
}

pub(in crate::sqlite) fn read_log(
    connection: &Connection,
    query: &LogQuery,
    store: &str,
) -> Result<LogPage, StoreError> {
    let failed = |error| explain(store, "read the log", of_rusqlite(error));
    // First: everything at or below it can be seen by the statement that follows.
    let watermark = watermark(connection, store)?;
    let after = clamp(query.after.get());
    let (until, limit) = (clamp(watermark.get()), clamp(query.limit));
    let mut select;
    let mut rows: Rows<'_> = if query.categories.is_empty() {
        select = prepared(connection, statements::READ_LOG).map_err(failed)?;
        select.query(params![after, until, limit])
    } else {
        let categories = json_array(&query.categories);
        select = prepared(connection, statements::READ_LOG_OF_CATEGORIES).map_err(failed)?;
        select.query(params![after, until, limit, categories])
    }
    .map_err(failed)?;
    let mut events = Page::new();
    let mut is_whole = true;
    while let Some(row) = rows.next().map_err(failed)? {
        push_to_log(&mut events, rows::stream(row), rows::event(row))?;
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

/// The first row of a statement, if it has one.
pub(super) fn one<T>(
    connection: &Connection,
    statement: &str,
    binds: &[&dyn ToSql],
    read: impl FnOnce(&rusqlite::Row<'_>) -> Result<T, sqlx::Error>,
) -> Result<Option<T>, sqlx::Error> {
    let mut statement = prepared(connection, statement).map_err(of_rusqlite)?;
    let mut rows = statement.query(binds).map_err(of_rusqlite)?;
    match rows.next().map_err(of_rusqlite)? {
        None => Ok(None),
        Some(row) => read(row).map(Some),
    }
}

pub(super) fn prepared<'c>(
    connection: &'c Connection,
    statement: &str,
) -> Result<CachedStatement<'c>, rusqlite::Error> {
    connection.prepare_cached(statement)
}
