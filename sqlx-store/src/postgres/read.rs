//! Reading a stream.

use futures_util::future;
use futures_util::stream::{self, StreamExt as _};
use rehydrate_port::{CommittedCommand, Page, SnapshotRead, StoreError, StreamQuery, StreamRead};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres};

use super::error::explain;
use super::rows::{self, Kind};
use super::statements::Statements;
use crate::dialect::pages::{End, Events, Rows, produce};
use crate::dialect::rows::{clamp, committed, snapshot};

/// A connection to read on.
pub(super) trait Reading: Send {
    fn connection(&mut self) -> &mut PgConnection;

    /// There is nothing left to read.
    fn finish(self) -> impl Future<Output = ()> + Send;
}

impl Reading for &mut PgConnection {
    fn connection(&mut self) -> &mut PgConnection {
        self
    }

    async fn finish(self) {}
}

/// What stands before the second page.
struct Beginning {
    command: Option<CommittedCommand>,
    snapshot: SnapshotRead,
    page: Page,
}

enum Part {
    Beginning(Beginning),
    Page(Page),
}

/// Reads a stream in one statement, on a connection that is finished with as soon as there is
/// nothing left to read.
pub(super) async fn read_stream<'a, C: Reading + 'a>(
    mut connection: C,
    statements: &'a Statements,
    query: &StreamQuery,
    store: &'a str,
) -> Result<StreamRead<'a>, StoreError> {
    let query = query.clone();
    let mut parts = produce(move |mut parts| async move {
        let mut rows = rows_of(connection.connection(), statements, &query);
        let mut events = Events {
            stream: query.stream.clone(),
            last: query.after,
            store,
        };
        let beginning = begin(&mut rows, &mut events, &query).await;
        let mut part = beginning.map(|(beginning, end)| (Part::Beginning(beginning), end));
        loop {
            match part {
                Ok((next, End::NotYet)) => {
                    parts.give(Ok(next)).await;
                    let page = events.next_page::<Postgres>(&mut rows).await;
                    part = page.map(|(page, end)| (Part::Page(page), end));
                }
                last => {
                    drop(rows);
                    match last {
                        Ok(_) => connection.finish().await,
                        Err(_) => drop(connection),
                    }
                    parts.give(last.map(|(part, _)| part)).await;
                    return;
                }
            }
        }
    });
    let beginning = match parts.next().await {
        Some(Ok(Part::Beginning(beginning))) => beginning,
        Some(Err(error)) => return Err(error),
        Some(Ok(Part::Page(_))) | None => return Err(out_of_order()),
    };
    let first = stream::iter(Some(beginning.page));
    let rest = parts.map(|part| {
        part.map(|part| match part {
            Part::Beginning(Beginning { page, .. }) | Part::Page(page) => page,
        })
    });
    let pages = first.map(Ok).chain(rest).filter(|page| {
        let has_events = !page.as_ref().is_ok_and(Page::is_empty);
        future::ready(has_events)
    });
    Ok(StreamRead {
        command: beginning.command,
        snapshot: beginning.snapshot,
        pages: pages.boxed(),
    })
}

/// One statement, however long the stream.
fn rows_of<'c>(
    connection: &'c mut PgConnection,
    statements: &Statements,
    query: &StreamQuery,
) -> Rows<'c, Postgres> {
    let (category, id) = (query.stream.category(), query.stream.id());
    if is_plain(query) {
        let plain = match query.snapshot {
            None => statements.read_events(),
            Some(_) => statements.read_from_snapshot(),
        };
        let plain = plain.bind(category.to_owned()).bind(id.to_owned());
        let plain = plain.bind(clamp(query.after.get()));
        return match query.snapshot {
            None => plain.fetch(connection),
            Some(wanted) => plain.bind(wanted.0.cast_signed()).fetch(connection),
        };
    }
    let until = query.until.map_or(i64::MAX, |until| clamp(until.get()));
    statements
        .read_stream()
        .bind(category.to_owned())
        .bind(id.to_owned())
        .bind(clamp(query.after.get()))
        .bind(until)
        .bind(query.as_of)
        .bind(query.limit.map(clamp))
        .bind(query.snapshot.map(|wanted| wanted.0.cast_signed()))
        .bind(query.command.as_ref().map(|command| command.key.clone()))
        .fetch(connection)
}

/// Whether everything after a version is wanted and no command looked for, for which there are
/// statements that cost less.
fn is_plain(query: &StreamQuery) -> bool {
    query.until.is_none()
        && query.as_of.is_none()
        && query.limit.is_none()
        && query.command.is_none()
}

/// Reads the command, the snapshot and the first page.
async fn begin(
    rows: &mut Rows<'_, Postgres>,
    events: &mut Events<'_>,
    query: &StreamQuery,
) -> Result<(Beginning, End), StoreError> {
    let store = events.store;
    let failed = |error| explain(store, "read a stream", error);
    let mut beginning = Beginning {
        command: None,
        snapshot: SnapshotRead::None,
        page: Page::new(),
    };
    while let Some(row) = rows.next().await {
        let row = row.map_err(failed)?;
        let kind = if is_plain(query) && query.snapshot.is_none() {
            Kind::Event
        } else {
            rows::kind(&row).map_err(failed)?
        };
        match kind {
            Kind::Command => {
                beginning.command = committed_by(query, &row, store)?;
            }
            Kind::Snapshot => {
                let raw = rows::snapshot(&row).map_err(failed)?;
                beginning.snapshot = snapshot(query, raw)?;
                if let SnapshotRead::Found(found) = &beginning.snapshot {
                    events.last = found.version;
                }
            }
            Kind::Event => {
                let first = stream::once(future::ready(Ok(row)));
                let mut with_first = first.chain(rows).boxed();
                let (page, end) = events.next_page::<Postgres>(&mut with_first).await?;
                beginning.page = page;
                return Ok((beginning, end));
            }
        }
    }
    Ok((beginning, End::Reached))
}

fn committed_by(
    query: &StreamQuery,
    row: &PgRow,
    store: &str,
) -> Result<Option<CommittedCommand>, StoreError> {
    let Some(command) = &query.command else {
        return Err(out_of_order());
    };
    let raw = rows::command(row).map_err(|error| explain(store, "look for a command", error))?;
    committed(&command.key, &raw).map(Some)
}

fn out_of_order() -> StoreError {
    StoreError::Backend {
        action: "read a stream",
        source: "its rows came in another order than they were asked for".into(),
    }
}
