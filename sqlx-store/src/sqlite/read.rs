//! Reading a stream in a transaction, on the connection of the caller's statements.

use futures_util::stream::{self, StreamExt as _};
use rehydrate_port::{Page, SnapshotRead, StoreError, StreamQuery, StreamRead, Version};
use sqlx::{Sqlite, SqliteConnection};

use super::append::find_command;
use super::error::explain;
use super::statements;
use crate::dialect::pages::{End, Events, Rows, produce};
use crate::dialect::rows::{self, Fault, RawSnapshot};

pub(super) async fn read_stream<'a>(
    connection: &'a mut SqliteConnection,
    query: &StreamQuery,
    store: &'a str,
) -> Result<StreamRead<'a>, StoreError> {
    if let Some(command) = &query.command
        && let Some(committed) = find_command(connection, command, store).await?
    {
        return Ok(StreamRead {
            command: Some(committed),
            snapshot: SnapshotRead::None,
            pages: stream::empty().boxed(),
        });
    }
    // Before the events: those that come in between are read with the others.
    let snapshot = read_snapshot(connection, query, store).await?;
    let after = match &snapshot {
        SnapshotRead::Found(snapshot) => snapshot.version,
        SnapshotRead::None | SnapshotRead::Unusable { .. } => query.after,
    };
    let mut events = Events {
        stream: query.stream.clone(),
        last: after,
        store,
    };
    let query = query.clone();
    let pages = produce(move |mut pages| async move {
        let mut rows = events_after(after, &query, connection);
        loop {
            match events.next_page::<Sqlite>(&mut rows).await {
                Ok((page, End::NotYet)) => {
                    pages.give(Ok(page)).await;
                }
                last => {
                    drop(rows);
                    let last = last.map(|(page, _)| page);
                    if !last.as_ref().is_ok_and(Page::is_empty) {
                        pages.give(last).await;
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
    let recorded_at =
        rows::time(micros).map_err(|error| Fault::from(error).explain(&query.stream))?;
    rows::snapshot(
        query,
        RawSnapshot {
            version,
            position,
            recorded_at,
            fingerprint,
            state,
        },
    )
}

/// One statement, however long the stream.
fn events_after<'c>(
    after: Version,
    query: &StreamQuery,
    connection: &'c mut SqliteConnection,
) -> Rows<'c, Sqlite> {
    let until = query
        .until
        .map_or(i64::MAX, |until| rows::clamp(until.get()));
    let as_of = query.as_of.map_or(i64::MAX, |time| time.timestamp_micros());
    sqlx::query(statements::READ_STREAM)
        .bind(query.stream.category())
        .bind(query.stream.id())
        .bind(rows::clamp(after.get()))
        .bind(until)
        .bind(as_of)
        .bind(query.limit.map_or(-1, rows::clamp))
        .fetch(connection)
}
