//! Who waits while others append, and for what.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use rehydrate::{EventStore as _, Expected, StoreError};
use rehydrate_sqlx::PostgresStore;
use tokio::time::timeout;

use crate::common::{Place, batch, execute, stream};
use crate::group::{CONNECTIONS, PATIENCE, append, lengths, open, outcome};

/// Polls once.
async fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn nobody_waits_for_a_caller_who_has_stopped_polling() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    let mut parked = Vec::new();
    for id in 0..2 {
        let (stream, batch) = (stream(id), batch(&["1"]));
        let store = store.clone();
        let mut appending =
            Box::pin(async move { store.append(&stream, Expected::NoStream, &batch).await });
        assert!(is_pending(&mut appending).await);
        parked.push(appending);
    }
    let after = append(&store, 10, Expected::NoStream, batch(&["1"]));
    outcome(after).await.unwrap();
    // And in the way that is easy to write: the appends inside stop those that are buffered.
    let inside = |id: u64| {
        let store = store.clone();
        async move {
            let (stream, batch) = (stream(id), batch(&["1"]));
            store.append(&stream, Expected::NoStream, &batch).await
        }
    };
    let all = futures_util::stream::iter(100..120)
        .map(inside)
        .buffer_unordered(2)
        .enumerate()
        .for_each(|(number, appended)| {
            appended.unwrap();
            let inside = inside(200 + number as u64);
            async move { inside.await.map(drop).unwrap() }
        });
    timeout(PATIENCE, all).await.expect("it comes to an end");
    for parked in parked {
        timeout(PATIENCE, parked).await.unwrap().unwrap();
    }
    assert_eq!(lengths(&place).await.len(), 2 + 1 + 20 + 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_longer_than_for_a_connection_is_told() {
    let Some(place) = Place::new().await else {
        return;
    };
    let patience = Duration::from_millis(500);
    let options = place.options().max_connections(CONNECTIONS);
    let options = options.acquire_timeout(patience);
    let store = PostgresStore::connect(options).await.unwrap();
    let mut stranger = place.stranger().await;
    execute(
        &mut stranger,
        "BEGIN; LOCK TABLE rehydrate_events IN EXCLUSIVE MODE",
    )
    .await;
    // Each wave finds those before it stuck on one connection more, until there is none left.
    let mut waiting = Vec::new();
    for wave in 0..6 {
        let ids = (0..10).map(|id| 10 * wave + id);
        waiting.extend(ids.map(|id| append(&store, id, Expected::NoStream, batch(&["1"]))));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(8 * patience).await;
    let told = waiting.extract_if(.., |appending| appending.is_finished());
    let told = join_all(told.collect::<Vec<_>>().into_iter().map(outcome)).await;
    assert!(
        told.iter()
            .all(|it| matches!(it, Err(StoreError::Unavailable { .. }))),
        "{told:?}"
    );
    assert!(!told.is_empty());
    execute(&mut stranger, "COMMIT").await;
    for waiting in waiting {
        outcome(waiting).await.unwrap();
    }
    let after = append(&store, 100, Expected::NoStream, batch(&["1"]));
    outcome(after).await.unwrap();
    assert_eq!(lengths(&place).await.len(), 61 - told.len());
}

#[test]
fn a_runtime_that_ends_leaves_the_store_to_others() {
    let other = tokio::runtime::Runtime::new().unwrap();
    let own = tokio::runtime::Runtime::new().unwrap();
    let Some(place) = own.block_on(Place::new()) else {
        return;
    };
    let store = own.block_on(open(&place));
    for round in 0..5_u64 {
        let ending = tokio::runtime::Runtime::new().unwrap();
        let ids = (0..60).map(|it| 100 * round + it);
        let appending = ids.map(|id| {
            let (store, stream) = (store.clone(), stream(id));
            ending.spawn(async move {
                let batch = batch(&["1"]);
                store
                    .append(&stream, Expected::NoStream, &batch)
                    .await
                    .map(drop)
            })
        });
        let _appending: Vec<_> = appending.collect();
        let beside = other.block_on(async {
            let beside = (0..10).map(|it| {
                append(
                    &store,
                    10_000 + 100 * round + it,
                    Expected::NoStream,
                    batch(&["1"]),
                )
            });
            let beside: Vec<_> = beside.collect();
            tokio::time::sleep(Duration::from_millis(2)).await;
            ending.shutdown_background();
            join_all(beside.into_iter().map(outcome)).await
        });
        for beside in beside {
            // One that the runtime which ended had taken along may be there or not.
            let is_unknown = matches!(beside, Err(StoreError::OutcomeUnknown { .. }));
            assert!(beside.is_ok() || is_unknown, "{beside:?}");
        }
        // Each connection of the runtime that has ended may fail once; nobody waits for its turn.
        let outcomes = other.block_on(async {
            let mut outcomes = Vec::new();
            for number in 0..10 {
                let id = 20_000 + 100 * round + number;
                let after = append(&store, id, Expected::NoStream, batch(&["1"]));
                outcomes.push(outcome(after).await);
            }
            outcomes
        });
        assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
    }
    let lengths = own.block_on(lengths(&place));
    assert!(lengths.values().all(|length| *length == 1));
}
