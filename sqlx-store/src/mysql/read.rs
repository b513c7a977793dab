//! Reading a stream: one statement, however long it is.

use std::ops::DerefMut;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use rehydrate_port::{
    CommittedCommand, Page, SnapshotRead, StoreError, StreamQuery, StreamRead, Version,
};
use sqlx::mysql::MySqlRow;
use sqlx::{MySql, MySqlConnection};

use super::dialect::{Part, part};
use super::statements;
use crate::dialect::Dialect as _;
use crate::dialect::pages::{End, Events, Handover, Rows, produce};
use crate::dialect::pool::Pooled;
use crate::dialect::rows;

/// A connection that can be kept once there is nothing left to read on it.
pub(super) trait Readable: DerefMut<Target = MySqlConnection> + Send {
    fn finish(self);
}

impl Readable for Pooled<MySql> {
    fn finish(self) {
        self.give_back();
    }
}

impl Readable for &mut MySqlConnection {
    fn finish(self) {}
}

/// What a read gives, in this order.
enum Item {
    Beginning(Option<CommittedCommand>, SnapshotRead),
    Page(Page),
}

/// What is still to be handed over when a connection has nothing left to read.
struct Rest {
    /// None if it has been handed over before.
    beginning: Option<Item>,
    last: Page,
}

type Items = Handover<Result<Item, StoreError>>;

/// Reads a stream on a connection that is given back as soon as there is nothing left to read.
///
/// An error from this function has come before the caller has had anything, so that the same read
/// may be tried on another connection.
pub(super) async fn read_stream<'a, C>(
    mut connection: C,
    query: &StreamQuery,
    store: &'a str,
) -> Result<StreamRead<'a>, StoreError>
where
    C: Readable + 'a,
{
    let query = query.clone();
    let mut items: BoxStream<'a, Result<Item, StoreError>> = produce(move |mut items| async move {
        match read_on(&mut connection, &query, store, &mut items).await {
            Ok(Rest { beginning, last }) => {
                connection.finish();
                if let Some(beginning) = beginning {
                    items.give(Ok(beginning)).await;
                }
                if !last.is_empty() {
                    items.give(Ok(Item::Page(last))).await;
                }
            }
            Err(error) => {
                drop(connection);
                items.give(Err(error)).await;
            }
        }
    });
    let (command, snapshot) = match items.next().await {
        Some(Ok(Item::Beginning(command, snapshot))) => (command, snapshot),
        Some(Err(error)) => return Err(error),
        Some(Ok(Item::Page(_))) | None => (None, SnapshotRead::None),
    };
    let pages = items.filter_map(async |item| match item {
        Ok(Item::Page(page)) => Some(Ok(page)),
        Ok(Item::Beginning(..)) => None,
        Err(error) => Some(Err(error)),
    });
    Ok(StreamRead {
        command,
        snapshot,
        pages: pages.boxed(),
    })
}

/// Hands over all but what [`Rest`] says.
async fn read_on(
    connection: &mut MySqlConnection,
    query: &StreamQuery,
    store: &str,
    items: &mut Items,
) -> Result<Rest, StoreError> {
    let mut rows = select(connection, query);
    let (beginning, last, first) = begin(&mut rows, query, store).await?;
    let mut rows = stream::iter(first.map(Ok)).chain(rows).boxed();
    let mut events = Events {
        stream: query.stream.clone(),
        last,
        store,
    };
    let mut beginning = Some(beginning);
    loop {
        match events.next_page::<MySql>(&mut rows).await? {
            (last, End::Reached) => return Ok(Rest { beginning, last }),
            (page, End::NotYet) => {
                for item in beginning.take().into_iter().chain([Item::Page(page)]) {
                    items.give(Ok(item)).await;
                }
            }
        }
    }
}

/// Takes the rows before the first event, and the first event, too.
async fn begin(
    rows: &mut Rows<'_, MySql>,
    query: &StreamQuery,
    store: &str,
) -> Result<(Item, Version, Option<MySqlRow>), StoreError> {
    let failed = |error| MySql::explain(store, "read a stream", error);
    let mut command = None;
    let mut snapshot = SnapshotRead::None;
    let mut last = query.after;
    let mut first = None;
    while let Some(row) = rows.next().await {
        let row = row.map_err(failed)?;
        match part(&row).map_err(failed)? {
            Part::Command(raw) => {
                let key = query.command.as_ref().map_or("", |command| &command.key);
                command = Some(rows::committed(key, &raw)?);
            }
            Part::Snapshot(_) if command.is_some() => {}
            Part::Snapshot(raw) => {
                snapshot = rows::snapshot(query, raw)?;
                if let SnapshotRead::Found(found) = &snapshot {
                    last = found.version;
                }
            }
            Part::Event => {
                first = Some(row);
                break;
            }
        }
    }
    Ok((Item::Beginning(command, snapshot), last, first))
}

/// The binds in the order of the statement.
fn select<'c>(connection: &'c mut MySqlConnection, query: &StreamQuery) -> Rows<'c, MySql> {
    let key = query
        .command
        .as_ref()
        .map(|command| command.key.as_bytes().to_vec());
    let category = query.stream.category().as_bytes().to_vec();
    let id = query.stream.id().as_bytes().to_vec();
    let fingerprint = query.snapshot.map(|wanted| wanted.0.cast_signed());
    let after = rows::clamp(query.after.get());
    let until = query
        .until
        .map_or(i64::MAX, |until| rows::clamp(until.get()));
    let as_of = query.as_of.map_or(i64::MAX, |time| time.timestamp_micros());
    sqlx::query(statements::READ_STREAM)
        .bind(key.clone())
        .bind(fingerprint)
        .bind(category.clone())
        .bind(id.clone())
        .bind(fingerprint)
        .bind(category.clone())
        .bind(id.clone())
        .bind(category)
        .bind(id)
        .bind(fingerprint)
        .bind(after)
        .bind(until)
        .bind(as_of)
        .bind(after)
        .bind(until)
        .bind(as_of)
        .bind(key)
        .bind(query.limit.map_or(i64::MAX, rows::clamp))
        .fetch(connection)
}
