//! Connections that are cut, futures that are dropped, and servers that do not answer.

use std::time::Duration;

use futures_util::future::join_all;
use rehydrate::{EventStore, Expected, StoreError};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use sqlx::mysql::MySqlConnection;

use crate::common::{Database, LOCK, batch, log, payloads, poll_once, run, stream, waiter};

/// Kills every other connection to the database.
async fn kill_all(stranger: &mut MySqlConnection, how: &str) {
    let ids: Vec<i64> = sqlx::query_scalar(
        "SELECT CAST(id AS SIGNED) FROM information_schema.processlist
        WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    )
    .fetch_all(&mut *stranger)
    .await
    .unwrap();
    for id in ids {
        run(stranger, format!("{how} {id}")).await;
    }
}

#[tokio::test]
async fn connections_that_are_killed_while_idle_are_replaced() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    let reads = (0..5).map(|_| store.watermark());
    join_all(reads).await;
    kill_all(&mut stranger, "KILL").await;
    store.watermark().await.unwrap();
    kill_all(&mut stranger, "KILL").await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    kill_all(&mut stranger, "KILL").await;
    assert_eq!(payloads(&store, &stream(1)).await, ["1"]);
    kill_all(&mut stranger, "KILL").await;
    store.begin().await.unwrap().rollback().await.unwrap();
}

#[tokio::test]
async fn an_append_whose_connection_is_killed_while_it_waits_was_not_written() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    for how in ["KILL", "KILL QUERY"] {
        let mut stranger = database.stranger().await;
        run(&mut stranger, LOCK).await;
        let appending = {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .append(&stream(1), Expected::Any, &batch(&["1"]))
                    .await
            })
        };
        let mut watcher = database.stranger().await;
        let id = waiter(&mut watcher).await;
        run(&mut watcher, format!("{how} {id}")).await;
        let error = appending.await.unwrap().unwrap_err();
        // A connection that ends without an answer may have ended after the commit.
        match how {
            "KILL" => assert!(
                matches!(error, StoreError::OutcomeUnknown { .. }),
                "{error:?}"
            ),
            _ => assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}"),
        }
        run(&mut stranger, "ROLLBACK").await;
        assert_eq!(log(&store).await, Vec::<String>::new());
    }
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn dropped_appends_are_there_as_a_whole_or_not_at_all_and_keep_nobody_waiting() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    for polls in 0..12 {
        let stream = stream(polls);
        let three = batch(&["1", "2", "3"]);
        let mut appending = Box::pin(store.append(&stream, Expected::NoStream, &three));
        for _ in 0..polls * 20 {
            if poll_once(&mut appending).await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(appending);
        let four = batch(&["4"]);
        let after = store.append(&stream, Expected::Any, &four);
        tokio::time::timeout(Duration::from_secs(1), after)
            .await
            .unwrap()
            .unwrap();
        let there = payloads(&store, &stream).await;
        // The one that was dropped may have come after it, and been refused.
        assert!(there == ["4"] || there == ["1", "2", "3", "4"], "{there:?}");
    }
}

#[tokio::test]
async fn a_dropped_append_that_waits_for_the_counter_does_not_keep_it() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, LOCK).await;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .append(&stream(1), Expected::Any, &batch(&["1"]))
                .await
        })
    };
    let mut watcher = database.stranger().await;
    waiter(&mut watcher).await;
    appending.abort();
    assert!(appending.await.unwrap_err().is_cancelled());
    run(&mut stranger, "ROLLBACK").await;
    store
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    let log = log(&store).await;
    assert!(log == ["2"] || log == ["1", "2"], "{log:?}");
}

#[tokio::test]
async fn a_pool_that_is_used_up_is_unavailable() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let options = database
        .options()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(2));
    let store = MySqlStore::connect(options).await.unwrap();
    let transaction = store.begin().await.unwrap();
    for error in [
        store.watermark().await.unwrap_err(),
        store
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await
            .unwrap_err(),
        store.begin().await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
    transaction.rollback().await.unwrap();
    store
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let options = MySqlOptions::from_url("mysql://root:secret@127.0.0.1:1/nowhere").unwrap();
    let error = MySqlStore::connect(options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}
