//! Promises about transactions.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use chrono::TimeDelta;
use futures_util::TryStreamExt;
use rehydrate_port::{
    Batch, EventStore, Expected, Outcome, RecordedTime, StoreError, StreamId, StreamQuery,
    Transaction, Version,
};

use super::fixture::{
    append, assert_log_is_empty, batch, batch_with_key, noon, payloads, read_all, read_log, seen,
    stream,
};

async fn begin(store: &dyn EventStore) -> Box<dyn Transaction> {
    store.begin().await.expect("a transaction begins")
}

async fn append_in(
    transaction: &mut dyn Transaction,
    stream: &StreamId,
    expected: Expected,
    numbers: std::ops::Range<u64>,
) {
    let appended = transaction.append(stream, expected, &batch(numbers)).await;
    appended.expect("the append succeeds");
}

pub(super) async fn a_transaction_commits_all_of_its_appends(store: &dyn EventStore) {
    let mut transaction = begin(store).await;
    append_in(&mut *transaction, &stream(1), Expected::NoStream, 1..3).await;
    append_in(&mut *transaction, &stream(2), Expected::NoStream, 5..6).await;
    append_in(
        &mut *transaction,
        &stream(1),
        Expected::Exactly(Version(2)),
        3..4,
    )
    .await;
    let keyed = transaction
        .append(&stream(3), Expected::Any, &batch_with_key(9..10, "key"))
        .await
        .expect("the append succeeds");
    transaction.commit().await.expect("the commit succeeds");
    assert_eq!(
        payloads(&read_all(store, &stream(1)).await),
        ["1", "2", "3"]
    );
    assert_eq!(payloads(&read_all(store, &stream(2)).await), ["5"]);
    let events = read_log(store, 10).await;
    assert_eq!(payloads(&events), ["1", "2", "5", "3", "9"]);
    assert_eq!(events[4].position, keyed.position.0);
    let again = append(
        store,
        &stream(3),
        Expected::Any,
        &batch_with_key(9..10, "key"),
    )
    .await;
    assert_eq!(
        again.outcome,
        Outcome::Repeated,
        "the key was committed too"
    );
    append(
        store,
        &stream(2),
        Expected::Exactly(Version(1)),
        &batch(6..7),
    )
    .await;
}

pub(super) async fn a_dropped_transaction_leaves_nothing_behind(store: &dyn EventStore) {
    let mut dropped = begin(store).await;
    append_in(&mut *dropped, &stream(1), Expected::NoStream, 1..3).await;
    let keyed = batch_with_key(1..2, "key");
    let appended = dropped.append(&stream(2), Expected::Any, &keyed).await;
    appended.expect("the append succeeds");
    drop(dropped);
    assert_log_is_empty(store).await;
    let mut rolled_back = begin(store).await;
    append_in(&mut *rolled_back, &stream(1), Expected::NoStream, 1..3).await;
    rolled_back.rollback().await.expect("the rollback succeeds");
    assert_log_is_empty(store).await;
    let appended = append(store, &stream(2), Expected::NoStream, &keyed).await;
    assert_eq!(appended.outcome, Outcome::Written, "the key is free again");
    append(store, &stream(1), Expected::NoStream, &batch(7..8)).await;
    assert_eq!(payloads(&read_log(store, 10).await), ["1", "7"]);
}

pub(super) async fn a_transaction_reads_its_own_appends(store: &dyn EventStore) {
    append(store, &stream(1), Expected::NoStream, &batch(1..3)).await;
    let mut transaction = begin(store).await;
    append_in(
        &mut *transaction,
        &stream(1),
        Expected::Exactly(Version(2)),
        3..5,
    )
    .await;
    let query = StreamQuery::new(stream(1));
    let pages = transaction
        .read(&query)
        .await
        .expect("the stream can be read")
        .pages;
    let pages: Vec<_> = pages.try_collect().await.expect("every page can be read");
    assert_eq!(payloads(&seen(&pages)), ["1", "2", "3", "4"]);
    transaction.commit().await.expect("the commit succeeds");
    assert_eq!(read_all(store, &stream(1)).await.len(), 4);
}

pub(super) async fn nobody_else_reads_an_open_transactions_appends(store: &dyn EventStore) {
    append(store, &stream(1), Expected::NoStream, &batch(1..2)).await;
    let mut transaction = begin(store).await;
    append_in(
        &mut *transaction,
        &stream(1),
        Expected::Exactly(Version(1)),
        2..3,
    )
    .await;
    append_in(&mut *transaction, &stream(2), Expected::NoStream, 3..4).await;
    assert_eq!(payloads(&read_all(store, &stream(1)).await), ["1"]);
    assert_eq!(read_all(store, &stream(2)).await, []);
    assert_eq!(read_log(store, 10).await.len(), 1);
    let listed = store.list_streams("contract", None, 10).await;
    assert_eq!(listed.expect("the streams can be listed"), ["1"]);
    transaction.commit().await.expect("the commit succeeds");
    assert_eq!(read_log(store, 10).await.len(), 3);
}

pub(super) async fn after_commit_actions_run_after_a_commit_only(store: &dyn EventStore) {
    let done = Arc::new(AtomicUsize::new(0));
    let action = || {
        let done = Arc::clone(&done);
        Box::pin(async move {
            done.fetch_add(1, Ordering::SeqCst);
        })
    };
    let mut dropped = begin(store).await;
    dropped.after_commit(action());
    drop(dropped);
    let mut rolled_back = begin(store).await;
    rolled_back.after_commit(action());
    rolled_back.rollback().await.expect("the rollback succeeds");
    assert_eq!(done.load(Ordering::SeqCst), 0);
    let mut committed = begin(store).await;
    append_in(&mut *committed, &stream(1), Expected::NoStream, 1..2).await;
    committed.after_commit(action());
    committed.after_commit(action());
    assert_eq!(done.load(Ordering::SeqCst), 0);
    committed.commit().await.expect("the commit succeeds");
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

pub(super) async fn a_refused_append_leaves_the_transaction_usable(store: &dyn EventStore) {
    append(
        store,
        &stream(1),
        Expected::NoStream,
        &batch_with_key(1..2, "key"),
    )
    .await;
    let mut transaction = begin(store).await;
    append_in(&mut *transaction, &stream(2), Expected::NoStream, 2..3).await;
    let long_ago = Batch {
        time: RecordedTime::Import(noon() - TimeDelta::days(1)),
        ..batch(8..9)
    };
    let (one, two) = (stream(1), stream(2));
    for (stream, expected, batch) in [
        (&one, Expected::NoStream, batch(8..9)),
        (&two, Expected::Any, batch_with_key(8..9, "key")),
        (&one, Expected::Any, long_ago),
    ] {
        let refused = transaction.append(stream, expected, &batch).await;
        assert!(
            matches!(
                refused,
                Err(StoreError::Conflict { .. }
                    | StoreError::KeyReused { .. }
                    | StoreError::TimeReversed { .. })
            ),
            "{refused:?}"
        );
    }
    append_in(
        &mut *transaction,
        &stream(1),
        Expected::Exactly(Version(1)),
        3..4,
    )
    .await;
    transaction.commit().await.expect("the commit succeeds");
    assert_eq!(payloads(&read_log(store, 10).await), ["1", "2", "3"]);
}

pub(super) async fn a_dropped_append_is_there_with_its_key_or_not_at_all(store: &dyn EventStore) {
    for polls in 0..24 {
        let key = format!("given up after {polls} polls");
        let keyed = batch_with_key(0..3, &key);
        let mut transaction = begin(store).await;
        let payment = stream(polls);
        let is_done = poll_times(transaction.append(&payment, Expected::Any, &keyed), polls).await;
        let committed = transaction.commit().await;
        let stored = read_all(store, &payment).await.len();
        assert!(
            stored == 0 || stored == 3,
            "{stored} of 3 events after {polls} polls"
        );
        assert!(
            !is_done || committed.is_ok() && stored == 3,
            "what is done is done"
        );
        let again = append(store, &payment, Expected::Any, &keyed).await;
        let expected = if stored == 0 {
            Outcome::Written
        } else {
            Outcome::Repeated
        };
        assert_eq!(again.outcome, expected, "after {polls} polls");
        assert_eq!(read_all(store, &payment).await.len(), 3);
    }
}

/// Drops a future after some polls; whether it was done before.
async fn poll_times<F: Future>(future: F, polls: u64) -> bool {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if polled {
            return true;
        }
        // The store goes on in threads of its own.
        tokio::time::sleep(std::time::Duration::from_micros(200)).await;
    }
    false
}

pub(super) async fn a_transaction_has_an_identity_of_its_own_and_that_of_its_store(
    store: &dyn EventStore,
) {
    let first = begin(store).await;
    let (first_identity, first_store) = (first.identity(), first.store());
    drop(first);
    let second = begin(store).await;
    assert_eq!(first_store, store.identity());
    assert_eq!(second.store(), store.identity());
    assert_ne!(first_identity, second.identity());
    assert_ne!(
        store.identity(),
        crate::memory::MemoryStore::new().identity()
    );
}
