//! Reading a stream and the log, page by page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use rehydrate_port::{
    Command, CommittedCommand, LogPage, LogQuery, Page, Position, SnapshotRead, StoreError,
    StreamQuery, StreamRead, Version,
};
use rusqlite::{CachedStatement, Connection, Rows, ToSql, params};

use super::ahead::{Ahead, rest_of};
use super::rows;
use crate::dialect::pages::{End, Events, Fill, PAGE_BYTES, PageSize, push_to_log};
use crate::dialect::rows::{Fault, clamp, committed, json_array, snapshot, version};
use crate::sqlite::error::{explain, of_rusqlite};
use crate::sqlite::readers::Readers;
use crate::sqlite::statements;
use crate::sqlite::writer::Writer;

/// How long to read on the spot, and how much at most, before a thread goes on: to wake one, and to
/// be woken by it, takes as long as to read a few hundred events that are in memory.
const BRIEFLY: Duration = Duration::from_micros(500);
const HERE: PageSize = PageSize {
    events: 1_500,
    bytes: 512 * 1024,
};

/// After how much of it to look at the clock, as not all of it may be in memory.
const GLANCE: PageSize = PageSize {
    events: 50,
    bytes: 16 * 1024,
};

/// The room to keep for an event's text.
const USUAL_BYTES: usize = 200;

/// What stands before the second page.
struct Beginning {
    command: Option<CommittedCommand>,
    snapshot: SnapshotRead,
    page: Page,
    end: End,
    /// How far the stream went then.
    until: Option<Version>,
}

/// Reads a stream. What comes after the page that is taken is on its way already.
pub(in crate::sqlite) async fn read_stream(
    readers: &Arc<Readers>,
    writer: Option<&Writer>,
    query: &StreamQuery,
) -> Result<StreamRead<'static>, StoreError> {
    let begun = Instant::now();
    let begin_here = |connection: &_, store: &_| {
        begin(connection, query, [HERE, GLANCE], store, || {
            begun.elapsed() < BRIEFLY
        })
    };
    let beginning = writer.and_then(|writer| writer.read_here(begin_here));
    let beginning = match beginning.or_else(|| readers.read_here(begin_here)) {
        Some(beginning) => beginning,
        None => {
            let query = query.clone();
            let sizes = [PageSize::USUAL; 2];
            let begin =
                move |connection: &_, store: &_| begin(connection, &query, sizes, store, || true);
            readers.read(begin).await?
        }
    };
    let next = match beginning.end {
        End::NotYet => {
            let query = StreamQuery {
                until: beginning.until,
                ..query.clone()
            };
            let query = rest_of(query, &beginning.page);
            Some(Ahead::start_in_slices(readers, query))
        }
        End::Reached => None,
    };
    let rest = stream::unfold(next, |ahead| async move { ahead?.next().await });
    let first = (!beginning.page.is_empty()).then_some(Ok(beginning.page));
    Ok(StreamRead {
        command: beginning.command,
        snapshot: beginning.snapshot,
        pages: stream::iter(first).chain(rest).boxed(),
    })
}

/// Reads the command, the snapshot and the first page, which is cut short if it is not to go on after
/// a part of it, the second size.
fn begin(
    connection: &Connection,
    query: &StreamQuery,
    sizes: [PageSize; 2],
    store: &str,
    goes_on: impl Fn() -> bool,
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
    let (page, end) = read_events(connection, &query, sizes, store, |_| goes_on())?;
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

/// Reads a page with one statement, and returns what is left of it, which is empty only at the end
/// or after `go_on` has said no. It is asked after each part, the second size, which it may take.
pub(super) fn read_events(
    connection: &Connection,
    query: &StreamQuery,
    [mut left, part]: [PageSize; 2],
    store: &str,
    mut go_on: impl FnMut(&mut Page) -> bool,
) -> Result<(Page, End), StoreError> {
    let failed = |error| explain(store, "read a stream", of_rusqlite(error));
    let until = query.until.map_or(i64::MAX, |until| clamp(until.get()));
    let as_of = query.as_of.map_or(i64::MAX, |time| time.timestamp_micros());
    let limit = query
        .limit
        .map_or(left.events, |limit| limit.min(left.events));
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
    let mut next = both(part, left, usize::min);
    while let Some(row) = rows.next().map_err(failed)? {
        if events.push(&mut page, rows::event(row), next)? == Fill::Full {
            let size = PageSize::of(&page);
            if size.fills(left) || !go_on(&mut page) {
                return Ok((page, End::NotYet));
            }
            let kept = PageSize::of(&page);
            let taken = both(size, kept, usize::saturating_sub);
            left = both(left, taken, usize::saturating_sub);
            next = both(both(kept, part, usize::saturating_add), left, usize::min);
        }
    }
    Ok((page, End::Reached))
}

fn both(one: PageSize, other: PageSize, of: fn(usize, usize) -> usize) -> PageSize {
    PageSize {
        events: of(one.events, other.events),
        bytes: of(one.bytes, other.bytes),
    }
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
    let mut category = None;
    let mut rows: Rows<'_> = match query.categories.as_slice() {
        [] => {
            select = prepared(connection, statements::READ_LOG).map_err(failed)?;
            select.query(params![after, until, limit])
        }
        [only] => {
            category = Some(only.as_str());
            select = prepared(connection, statements::READ_LOG_OF_CATEGORY).map_err(failed)?;
            select.query(params![after, until, limit, only])
        }
        several => {
            select = prepared(connection, statements::READ_LOG_OF_CATEGORIES).map_err(failed)?;
            select.query(params![after, until, limit, json_array(several)])
        }
    }
    .map_err(failed)?;
    let most = watermark.get().saturating_sub(query.after.get());
    let most = usize::try_from(most).map_or(query.limit, |most| most.min(query.limit));
    let mut events = Page::with_capacity(most, most.saturating_mul(USUAL_BYTES).min(PAGE_BYTES));
    let mut is_whole = true;
    while let Some(row) = rows.next().map_err(failed)? {
        push_to_log(&mut events, rows::stream(row, category), rows::event(row))?;
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
