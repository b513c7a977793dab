//! Promises about what a person or a program does with a store that runs.

use std::time::Duration;

use futures_util::future::join;
use rehydrate_port::{
    Batch, EventStore, Expected, LogQuery, Position, StoreError, StreamId, StreamQuery, Version,
};

use super::fixture::{
    append, batch, batch_with_key, minutes_past_noon, payloads, read_all, read_log, stream,
};
use crate::copy::{checksum, copy};
use crate::memory::MemoryStore;

const LONG: Duration = Duration::from_secs(3_600);

/// A log with a hole in its positions, as every log has some day.
async fn another_log() -> MemoryStore {
    let before = MemoryStore::new();
    let log = MemoryStore::new();
    for number in 0..20 {
        let batch = Batch {
            metadata: (number % 2 == 0).then(|| r#"{"actor":"Zoë"}"#.to_owned()),
            time: minutes_past_noon(i64::try_from(number).unwrap_or(0)),
            ..batch(number..number + 3)
        };
        append(&before, &stream(number % 3), Expected::Any, &batch).await;
    }
    let whole = before.read_log(&LogQuery::after(Position::ZERO)).await;
    let mut page = rehydrate_port::Page::new();
    for event in whole.expect("the log can be read").events.iter() {
        let mut row = event.row();
        if row.position > Position(30) {
            row.position.0 += 1_000;
        }
        page.push(&row);
    }
    log.import(&page).await.expect("an empty store takes a log");
    log
}

pub(super) async fn an_import_keeps_positions_versions_times_and_ids(store: &dyn EventStore) {
    let log = another_log().await;
    let mut calls = 0;
    let report = copy(&log, store, |_| calls += 1)
        .await
        .expect("the log is copied");
    assert_eq!((report.copied, report.checksum.events), (60, 60));
    assert!(calls > 0);
    assert_eq!(read_log(store, 7).await, read_log(&log, 60).await);
    let watermark = store.watermark().await.expect("the watermark can be read");
    assert_eq!(watermark, Position(1_060));
    let copied = checksum(store, watermark)
        .await
        .expect("the log can be read");
    assert_eq!(copied, report.checksum);
    let events = read_all(store, &stream(1)).await;
    assert_eq!(events, read_all(&log, &stream(1)).await);
}

pub(super) async fn an_import_goes_on_after_the_log_and_not_inside_it(store: &dyn EventStore) {
    let log = another_log().await;
    let page = |limit| LogQuery {
        limit,
        ..LogQuery::after(Position::ZERO)
    };
    let first = log.read_log(&page(10)).await.expect("the log can be read");
    store
        .import(&first.events)
        .await
        .expect("an empty store takes a log");
    for limit in [1, 10, 60] {
        let again = log
            .read_log(&page(limit))
            .await
            .expect("the log can be read");
        match store.import(&again.events).await {
            Err(StoreError::NotAfterTheLog { first, watermark }) => {
                assert_eq!((first, watermark), (Position(1), Position(10)));
            }
            other => panic!("what is there is not imported again: {other:?}"),
        }
    }
    assert_eq!(read_log(store, 100).await.len(), 10, "nothing was written");
    let report = copy(&log, store, |_| ()).await.expect("the copy goes on");
    assert_eq!((report.copied, report.checksum.events), (50, 60));
}

pub(super) async fn an_append_after_an_import_comes_after_it(store: &dyn EventStore) {
    append(
        store,
        &stream("before"),
        Expected::NoStream,
        &batch_with_key(0..1, "key"),
    )
    .await;
    let query = LogQuery::after(Position(1));
    let rest = another_log().await.read_log(&query).await;
    store
        .import(&rest.expect("the log can be read").events)
        .await
        .expect("the log goes on");
    let version = read_all(store, &stream(1))
        .await
        .last()
        .map_or(0, |event| event.version);
    let expected = Expected::Exactly(Version(version));
    let appended = append(store, &stream(1), expected, &batch(99..100)).await;
    assert!(appended.position > Position(1_060), "{appended:?}");
    assert_eq!(appended.version, Version(version + 1));
    let events = read_log(store, 1_000).await;
    assert_eq!(payloads(&events).last(), Some(&"99"));
    assert!(events.is_sorted_by(|one, next| one.position < next.position));
}

pub(super) async fn a_wait_for_what_is_there_returns_at_once(store: &dyn EventStore) {
    append(store, &stream(1), Expected::NoStream, &batch(0..1)).await;
    let waited = bounded(store.wait_past(Position::ZERO, LONG)).await;
    waited.expect("the wait succeeds");
    let in_vain = bounded(store.wait_past(Position(1), Duration::from_millis(1))).await;
    in_vain.expect("a wait in vain is no error");
}

pub(super) async fn an_append_ends_a_wait(store: &dyn EventStore) {
    let appended = append(store, &stream(1), Expected::NoStream, &batch(0..1)).await;
    let wait = async {
        let mut position = appended.position;
        // It is a hint, so there may be a few in vain.
        while position == appended.position {
            let waited = store.wait_past(position, LONG).await;
            waited.expect("the wait succeeds");
            position = store.watermark().await.expect("the watermark can be read");
        }
    };
    let write = async {
        tokio::task::yield_now().await;
        append(store, &stream(2), Expected::NoStream, &batch(0..1)).await;
    };
    bounded(join(wait, write)).await;
}

pub(super) async fn a_diagnosis_shows_how_far_the_log_is_and_what_is_in_it(store: &dyn EventStore) {
    let empty = store
        .diagnose()
        .await
        .expect("an empty store can be looked at");
    assert_eq!(
        (empty.head, empty.watermark),
        (Position::ZERO, Position::ZERO)
    );
    append(
        store,
        &stream("short"),
        Expected::NoStream,
        &batch_with_key(0..2, "key"),
    )
    .await;
    let appended = append(store, &stream("long"), Expected::NoStream, &batch(0..5)).await;
    let query = StreamQuery {
        snapshot: Some(rehydrate_port::Fingerprint(1)),
        ..StreamQuery::new(stream("long"))
    };
    super::fixture::read(store, &query).await;
    let diagnosis = store.diagnose().await.expect("the store can be looked at");
    assert_eq!(
        (diagnosis.head, diagnosis.watermark),
        (appended.position, appended.position)
    );
    assert_eq!(diagnosis.held_by, []);
    assert_eq!(diagnosis.missing_indexes, Vec::<String>::new());
    let named = |id, version| {
        (
            StreamId::new("contract", id).expect("BUG: a good name"),
            Version(version),
        )
    };
    assert_eq!(
        diagnosis.longest_streams,
        [named("long", 5), named("short", 2)]
    );
    assert_eq!(
        (diagnosis.snapshots.asked, diagnosis.snapshots.found),
        (1, 0)
    );
    assert_eq!(diagnosis.snapshots.hit_ratio(), Some(0.0));
    assert!(diagnosis.tables.len() >= 3, "events, snapshots, commands");
    assert!(!diagnosis.store.is_empty());
}

/// Fails, rather than hangs, if a wait does not end.
async fn bounded<T>(wait: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, wait)
        .await
        .expect("the wait ends")
}
