use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rehydrate::{EventStore as _, Expected, StoreError};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};

use crate::common::{Place, batch, execute, payloads, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_at_the_same_time_share_commits() {
    let place = Place::new();
    let store = place.open().await;
    // Everybody queues up behind it.
    let transaction = store.begin().await.unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .append(&stream(id), Expected::NoStream, &batch(&["1", "2"]))
                    .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    transaction.rollback().await.unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let stats = store.stats();
    assert_eq!(stats.appends, 64);
    assert!(stats.commits < 64, "{stats:?}");
    assert_eq!(store.watermark().await.unwrap(), 128);
    for id in 0..64 {
        assert_eq!(payloads(&store, &stream(id)).await, ["1", "2"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_that_write_to_one_file_at_once_leave_no_hole() {
    let place = Place::new();
    let stores = [place.open().await, place.open().await];
    let payment = stream(1);
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (store, payment) = (stores[task % 2].clone(), payment.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    store
                        .append(&payment, Expected::Any, &batch(&["1", "2"]))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // Reading refuses a hole.
    assert_eq!(payloads(&stores[0], &payment).await, ["1", "2"].repeat(160));
}

#[tokio::test]
async fn a_conflict_in_a_group_is_nobody_elses() {
    let store = SqliteStore::in_memory().await.unwrap();
    let transaction = store.begin().await.unwrap();
    let one = batch(&["1"]);
    let (first, second) = (stream(1), stream(2));
    let mut appends = Box::pin(join_all([
        store.append(&first, Expected::NoStream, &one),
        store.append(&first, Expected::NoStream, &one),
        store.append(&second, Expected::NoStream, &one),
    ]));
    assert!(appends.as_mut().now_or_never().is_none());
    transaction.rollback().await.unwrap();
    let answers = appends.await;
    assert_eq!(answers[0].as_ref().unwrap().version, 1);
    assert!(matches!(&answers[1], Err(StoreError::Conflict { actual, .. }) if *actual == 1));
    assert_eq!(answers[2].as_ref().unwrap().version, 1);
    assert_eq!(store.stats().commits, 1);
}

#[tokio::test]
async fn a_caller_who_gives_up_takes_no_other_append_along() {
    let store = SqliteStore::in_memory().await.unwrap();
    let transaction = store.begin().await.unwrap();
    let one = batch(&["1"]);
    let (first, second) = (stream(1), stream(2));
    // The first in the queue, so that it is the one that starts the leader.
    let mut given_up = Box::pin(store.append(&first, Expected::NoStream, &one));
    assert!(given_up.as_mut().now_or_never().is_none());
    let mut kept = Box::pin(store.append(&second, Expected::NoStream, &one));
    assert!(kept.as_mut().now_or_never().is_none());
    drop(given_up);
    transaction.rollback().await.unwrap();
    assert_eq!(kept.await.unwrap().version, 1);
    assert!(payloads(&store, &first).await.is_empty());
    assert_eq!(payloads(&store, &second).await, ["1"]);
}

#[test]
fn a_store_outlives_the_runtime_that_was_writing() {
    let build = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let payment = stream(1);
    let one = batch(&["1"]);
    let first = build();
    let store = first.block_on(SqliteStore::in_memory()).unwrap();
    let transaction = first.block_on(store.begin()).unwrap();
    let append = store.append(&payment, Expected::Any, &one);
    let mut append = Box::pin(append);
    first.block_on(async { assert!(append.as_mut().now_or_never().is_none()) });
    drop(transaction);
    drop(first);
    let second = build();
    // Its end was waited for, unless it had not begun.
    let written = match second.block_on(append) {
        Ok(_) => 1,
        Err(error) => {
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            0
        }
    };
    let after = second.block_on(store.append(&payment, Expected::Any, &one));
    assert_eq!(after.unwrap().version, written + 1);
}

#[tokio::test]
async fn the_wal_gets_into_the_file_although_no_commit_takes_it_there() {
    let place = Place::new();
    let store = place.open().await;
    // Before the first checkpoint there is little in the file itself.
    let size = || std::fs::metadata(place.file()).unwrap().len();
    let begin = size();
    append_15_megabytes(&store).await;
    for _ in 0..500 {
        if size() > begin + 100_000 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the file still has {} bytes", size());
}

#[tokio::test]
async fn whoever_says_when_commits_make_checkpoints_has_none_beside_them() {
    let place = Place::new();
    let options = SqliteOptions::new(place.file()).pragma("wal_autocheckpoint", "0");
    let store = SqliteStore::connect(options).await.unwrap();
    let begin = std::fs::metadata(place.file()).unwrap().len();
    append_15_megabytes(&store).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(std::fs::metadata(place.file()).unwrap().len(), begin);
}

/// More than one checkpoint takes.
async fn append_15_megabytes(store: &SqliteStore) {
    let payload = "1".repeat(10_000);
    let many = batch(&[payload.as_str(); 100]);
    for number in 0..15 {
        let stream = stream(number);
        let appended = store.append(&stream, Expected::NoStream, &many);
        appended.await.unwrap();
    }
}

#[tokio::test]
async fn an_append_whose_second_event_is_refused_leaves_nothing_behind() {
    let place = Place::new();
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    execute(
        &mut stranger,
        "CREATE UNIQUE INDEX stranger ON rehydrate_events (event_id)",
    )
    .await;
    for length in [2, 9, 10, 12, 25] {
        let stream = stream(length);
        let mut twice = batch(&vec!["1"; length]);
        let last = length - 1;
        twice.events[last].id = twice.events[0].id;
        let refused = store.append(&stream, Expected::NoStream, &twice).await;
        assert!(refused.is_err(), "{length} events");
        assert_eq!(payloads(&store, &stream).await, [""; 0], "{length} events");
    }
}
