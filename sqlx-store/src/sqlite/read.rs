//! Reading a stream.

use std::ops::DerefMut;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use rehydrate::{
    Page, Snapshot, SnapshotRead, StoreError, StreamId, StreamQuery, StreamRead, Version,
};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use tokio::sync::mpsc;

use super::append::find_command;
use super::error::explain;
use super::rows::{self, Fault};
use super::statements;

/// A page ends with this event …
const PAGE_EVENTS: usize = 1_000;
/// … or with the event that brings its text to this size.
pub(super) const PAGE_BYTES: usize = 1024 * 1024;

type Rows<'a> = BoxStream<'a, Result<SqliteRow, sqlx::Error>>;

/// Reads a stream on a connection that is given back as soon as there is nothing left to read.
pub(super) async fn read_stream<'a, C>(
    mut connection: C,
    query: &StreamQuery,
    store: &'a str,
) -> Result<StreamRead<'a>, StoreError>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'a,
{
    if let Some(command) = &query.command
        && let Some(committed) = find_command(&mut connection, command, store).await?
    {
        return Ok(StreamRead {
            command: Some(committed),
            snapshot: SnapshotRead::None,
            pages: stream::empty().boxed(),
        });
    }
    // Before the events: those that come in between are read with the others.
    let snapshot = read_snapshot(&mut connection, query, store).await?;
    let after = match &snapshot {
        SnapshotRead::Found(snapshot) => snapshot.version,
        SnapshotRead::None | SnapshotRead::Unusable { .. } => query.after,
    };
    let mut events = Events {
        query: query.clone(),
        last: after,
        store,
    };
    let pages = produce(move |pages| async move {
        let mut rows = events.rows(&mut connection);
        loop {
            match events.next_page(&mut rows).await {
                Ok((page, End::NotYet)) => {
                    if pages.send(Ok(page)).await.is_err() {
                        return;
                    }
                }
                last => {
                    drop(rows);
                    drop(connection);
                    let last = last.map(|(page, _)| page);
                    if !last.as_ref().is_ok_and(Page::is_empty) {
                        // If nobody is left to take it, nobody misses it.
                        let _ = pages.send(last).await;
                    }
                    return;
                }
            }
        }
    });
    Ok(StreamRead {
        command: None,
        snapshot,
        pages,
    })
}

async fn read_snapshot(
    connection: &mut SqliteConnection,
    query: &StreamQuery,
    store: &str,
) -> Result<SnapshotRead, StoreError> {
    let Some(wanted) = query.snapshot else {
        return Ok(SnapshotRead::None);
    };
    let row: Option<(i64, i64, i64, i64, Option<String>)> =
        sqlx::query_as(statements::READ_SNAPSHOT)
            .bind(query.stream.category())
            .bind(query.stream.id())
            .bind(wanted.0.cast_signed())
            .fetch_optional(connection)
            .await
            .map_err(|error| explain(store, "read a snapshot", error))?;
    let Some((version, position, micros, fingerprint, state)) = row else {
        return Ok(SnapshotRead::None);
    };
    let read = || -> Result<SnapshotRead, Fault> {
        let version = rows::version(version)?;
        let position = rows::position(position)?;
        let recorded_at = rows::time(micros)?;
        let fingerprint = rows::fingerprint(fingerprint);
        if !query.admits(version, recorded_at) {
            return Ok(SnapshotRead::None);
        }
        Ok(match state {
            None => SnapshotRead::Unusable {
                fingerprint,
                version,
            },
            Some(state) => SnapshotRead::Found(Snapshot {
                version,
                position,
                recorded_at,
                fingerprint,
                state,
            }),
        })
    };
    read().map_err(|fault| fault.explain(store, &query.stream))
}

/// The events of a stream, and how far they have been read.
struct Events<'a> {
    query: StreamQuery,
    last: Version,
    store: &'a str,
}

enum End {
    NotYet,
    Reached,
}

impl Events<'_> {
    /// One statement, however long the stream.
    fn rows<'c>(&self, connection: &'c mut SqliteConnection) -> Rows<'c> {
        let query = &self.query;
        let until = query
            .until
            .map_or(i64::MAX, |until| rows::clamp(until.get()));
        let as_of = query.as_of.map_or(i64::MAX, |time| time.timestamp_micros());
        sqlx::query(statements::READ_STREAM)
            .bind(query.stream.category())
            .bind(query.stream.id())
            .bind(rows::clamp(self.last.get()))
            .bind(until)
            .bind(as_of)
            .bind(query.limit.map_or(-1, rows::clamp))
            .fetch(connection)
    }

    async fn next_page(&mut self, rows: &mut Rows<'_>) -> Result<(Page, End), StoreError> {
        let stream = &self.query.stream;
        let mut page = Page::new();
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| explain(self.store, "read a stream", error))?;
            let version = rows::push_event(&mut page, &row, stream.category(), stream.id())
                .map_err(|fault| fault.explain(self.store, stream))?;
            if version != self.last.next() {
                return Err(missing(stream, self.last.next(), version));
            }
            self.last = version;
            if page.len() >= PAGE_EVENTS || page.bytes() >= PAGE_BYTES {
                return Ok((page, End::NotYet));
            }
        }
        Ok((page, End::Reached))
    }
}

fn missing(stream: &StreamId, expected: Version, found: Version) -> StoreError {
    StoreError::Corrupt {
        stream: stream.clone(),
        reason: format!("event {expected} is missing, the next one is {found}"),
    }
}

/// What a task sends, without a task: it runs when the stream is polled, and goes with it.
fn produce<'a, T, F>(task: impl FnOnce(mpsc::Sender<T>) -> F) -> BoxStream<'a, T>
where
    T: Send + 'a,
    F: Future<Output = ()> + Send + 'a,
{
    let (sender, mut receiver) = mpsc::channel(1);
    let task = stream::once(task(sender)).filter_map(async |()| None);
    let items = stream::poll_fn(move |context| receiver.poll_recv(context));
    stream::select(items, task).boxed()
}
