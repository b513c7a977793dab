//! What the promises share: streams, batches and whole reads.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use rehydrate_port::{
    Appended, Batch, Command, EventStore, Expected, Fingerprint, LogQuery, NewEvent, Page,
    Position, RecordedTime, SchemaVersion, SnapshotRead, StoreError, StoredEvent, StreamId,
    StreamQuery, Version,
};

/// An event as it was read, with text of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) stream: String,
    pub(super) version: u64,
    pub(super) position: u64,
    pub(super) payload: String,
    pub(super) recorded_at: DateTime<Utc>,
}

impl From<StoredEvent<'_>> for Seen {
    fn from(event: StoredEvent<'_>) -> Self {
        Self {
            stream: format!("{}/{}", event.category, event.stream_id),
            version: event.version.0,
            position: event.position.0,
            payload: event.payload.to_owned(),
            recorded_at: event.recorded_at,
        }
    }
}

pub(super) fn stream(id: impl std::fmt::Display) -> StreamId {
    StreamId::new("contract", id).expect("BUG: a contract's stream has a good name")
}

pub(super) fn noon() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12)
}

pub(super) fn minutes_past_noon(minutes: i64) -> RecordedTime {
    RecordedTime::Clock(noon() + TimeDelta::minutes(minutes))
}

/// A batch of events whose payloads are the numbers of a range.
pub(super) fn batch(numbers: std::ops::Range<u64>) -> Batch {
    let event = |number: u64| NewEvent::new("numbered", SchemaVersion(1), number.to_string());
    Batch::new(numbers.map(event).collect(), minutes_past_noon(0))
}

pub(super) fn batch_with_key(numbers: std::ops::Range<u64>, key: &str) -> Batch {
    Batch {
        command: Some(command(key)),
        ..batch(numbers)
    }
}

pub(super) fn command(key: &str) -> Command {
    Command {
        key: key.to_owned(),
        fingerprint: Fingerprint(7),
    }
}

pub(super) async fn append(
    store: &dyn EventStore,
    stream: &StreamId,
    expected: Expected,
    batch: &Batch,
) -> Appended {
    store
        .append(stream, expected, batch)
        .await
        .expect("the append succeeds")
}

/// Appends one event, read and tried again until it is in.
pub(super) async fn append_after_whatever_is_there(
    store: &dyn EventStore,
    stream: &StreamId,
    number: u64,
) {
    let mut version = Version::ZERO;
    loop {
        let expected = Expected::Exactly(version);
        match store
            .append(stream, expected, &batch(number..number + 1))
            .await
        {
            Ok(_) => return,
            Err(StoreError::Conflict { actual, .. }) => version = actual,
            Err(error) => panic!("an append may only fail with a conflict: {error}"),
        }
    }
}

pub(super) async fn read(store: &dyn EventStore, query: &StreamQuery) -> (SnapshotRead, Vec<Seen>) {
    let read = store.read(query).await.expect("the stream can be read");
    let pages: Vec<Page> = read
        .pages
        .try_collect()
        .await
        .expect("every page can be read");
    (read.snapshot, seen(&pages))
}

pub(super) async fn read_all(store: &dyn EventStore, stream: &StreamId) -> Vec<Seen> {
    read(store, &StreamQuery::new(stream.clone())).await.1
}

/// The whole log, in pages of `limit` events.
pub(super) async fn read_log(store: &dyn EventStore, limit: usize) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut after = Position::ZERO;
    loop {
        let query = LogQuery {
            limit,
            ..LogQuery::after(after)
        };
        let page = store.read_log(&query).await.expect("the log can be read");
        if page.read_to == after {
            return all;
        }
        after = page.read_to;
        all.extend(seen(&[page.events]));
    }
}

pub(super) fn seen(pages: &[Page]) -> Vec<Seen> {
    pages.iter().flat_map(Page::iter).map(Seen::from).collect()
}

pub(super) fn payloads(events: &[Seen]) -> Vec<&str> {
    events.iter().map(|event| event.payload.as_str()).collect()
}

pub(super) fn versions(events: &[Seen]) -> Vec<u64> {
    events.iter().map(|event| event.version).collect()
}

pub(super) async fn assert_log_is_empty(store: &dyn EventStore) {
    assert_eq!(read_log(store, 10).await, [], "nothing was written");
    let watermark = store.watermark().await.expect("the watermark can be read");
    assert_eq!(watermark, Position::ZERO, "nothing was written");
}
