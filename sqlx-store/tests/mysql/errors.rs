//! What goes wrong, forced on a real server, and what a caller is told.

use std::time::Duration;

use futures_util::future::join_all;
use rehydrate::{ErrorKind, EventStore, Expected, Outcome, Position, StoreError, Version};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use sqlx::mysql::MySqlConnection;

use crate::common::{
    Database, batch, keyed, log, number, payloads, poll_once, run, stream, try_read,
};

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

/// Returns when a connection to the database waits for a lock.
async fn wait_for_a_waiter(stranger: &mut MySqlConnection) {
    let waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx AS waiter
        JOIN information_schema.processlist AS process ON process.id = waiter.trx_mysql_thread_id
        WHERE waiter.trx_state = 'LOCK WAIT' AND process.db = DATABASE()";
    while number(stranger, waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}

/// When a connection to the database began to wait for a lock.
async fn waiting_since(stranger: &mut MySqlConnection) -> Option<String> {
    sqlx::query_scalar(
        "SELECT CAST(waiter.trx_wait_started AS CHAR) FROM information_schema.innodb_trx AS waiter
        JOIN information_schema.processlist AS process ON process.id = waiter.trx_mysql_thread_id
        WHERE waiter.trx_state = 'LOCK WAIT' AND process.db = DATABASE()",
    )
    .fetch_optional(stranger)
    .await
    .unwrap()
}

const LOCK: &str = "START TRANSACTION; SELECT position FROM rehydrate_counter WHERE id = 1 FOR UPDATE";

#[tokio::test]
async fn a_lock_that_is_kept_too_long_is_unavailable() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, LOCK).await;
    let error = store
        .append(&stream(1), Expected::Any, &batch(&["1"]))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    run(&mut stranger, "ROLLBACK").await;
    store.append(&stream(1), Expected::NoStream, &batch(&["2"])).await.unwrap();
    assert_eq!(log(&store).await, ["2"], "nothing is left of the first");
}

#[tokio::test]
async fn a_lock_that_is_given_up_after_a_time_out_is_waited_for_again() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, LOCK).await;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move { store.append(&stream(1), Expected::Any, &batch(&["1"])).await })
    };
    let mut watcher = database.stranger().await;
    wait_for_a_waiter(&mut watcher).await;
    let first = waiting_since(&mut watcher).await;
    // It has timed out when it waits anew.
    while matches!(waiting_since(&mut watcher).await, since if since.is_none() || since == first) {
        tokio::task::yield_now().await;
    }
    run(&mut stranger, "ROLLBACK").await;
    appending.await.unwrap().unwrap();
    assert_eq!(log(&store).await, ["1"]);
}

#[tokio::test]
async fn a_stale_append_is_refused_without_waiting_for_the_counter() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store.append(&stream(1), Expected::Any, &keyed(&["1"], "key")).await.unwrap();
    let mut stranger = database.stranger().await;
    run(&mut stranger, LOCK).await;
    let stale = store.append(&stream(1), Expected::NoStream, &batch(&["2"])).await;
    assert!(matches!(stale, Err(StoreError::Conflict { actual: Version(1), .. })), "{stale:?}");
    let again = store.append(&stream(1), Expected::Any, &keyed(&["1"], "key")).await;
    assert_eq!(again.unwrap().outcome, Outcome::Repeated);
}

#[tokio::test]
async fn a_deadlock_is_tried_again() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    // The append takes the counter and waits for the key; the stranger, who has written more and so
    // is not the one to be rolled back, has the key and then wants the counter.
    run(
        &mut stranger,
        "CREATE TABLE ballast (number INT PRIMARY KEY) ENGINE = InnoDB;
        START TRANSACTION;
        INSERT INTO ballast VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10);
        INSERT INTO rehydrate_commands VALUES ('key', 7, 'payment', 'x', 1, 1, 0)",
    )
    .await;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move {
            store.append(&stream(1), Expected::NoStream, &keyed(&["1"], "key")).await
        })
    };
    let mut watcher = database.stranger().await;
    wait_for_a_waiter(&mut watcher).await;
    run(
        &mut stranger,
        "SELECT position FROM rehydrate_counter WHERE id = 1 FOR UPDATE; ROLLBACK",
    )
    .await;
    appending.await.unwrap().unwrap();
    assert_eq!(log(&store).await, ["1"]);
    assert_eq!(store.watermark().await.unwrap(), Position(1));
}

#[tokio::test]
async fn a_duplicate_version_is_a_conflict() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    // Somebody who writes past the counter.
    run(
        &mut stranger,
        "START TRANSACTION;
        INSERT INTO rehydrate_events VALUES (99, 'payment', '1', 1, 'captured', 1, 'x', NULL,
            UNHEX(MD5('1')), 0)",
    )
    .await;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move { store.append(&stream(1), Expected::NoStream, &batch(&["1"])).await })
    };
    let mut watcher = database.stranger().await;
    wait_for_a_waiter(&mut watcher).await;
    run(&mut stranger, "COMMIT").await;
    let outcome = appending.await.unwrap();
    assert!(
        matches!(outcome, Err(StoreError::Conflict { actual: Version(1), .. })),
        "{outcome:?}"
    );
    assert_eq!(store.watermark().await.unwrap(), Position::ZERO);
}

#[tokio::test]
async fn a_duplicate_key_is_a_repetition() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "START TRANSACTION;
        INSERT INTO rehydrate_commands VALUES ('key', 7, 'payment', '1', 5, 55, 0)",
    )
    .await;
    let appending = {
        let store = store.clone();
        tokio::spawn(async move {
            store.append(&stream(1), Expected::NoStream, &keyed(&["1"], "key")).await
        })
    };
    let mut watcher = database.stranger().await;
    wait_for_a_waiter(&mut watcher).await;
    run(&mut stranger, "COMMIT").await;
    let outcome = appending.await.unwrap().unwrap();
    assert_eq!((outcome.outcome, outcome.position), (Outcome::Repeated, Position(55)));
    assert_eq!(log(&store).await, Vec::<String>::new(), "nothing was written");
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
    store.append(&stream(1), Expected::NoStream, &batch(&["1"])).await.unwrap();
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
            tokio::spawn(async move { store.append(&stream(1), Expected::Any, &batch(&["1"])).await })
        };
        let mut watcher = database.stranger().await;
        wait_for_a_waiter(&mut watcher).await;
        // The one that waits, not the one that holds.
        let id = number(
            &mut watcher,
            "SELECT CAST(trx_mysql_thread_id AS SIGNED) FROM information_schema.innodb_trx AS waiter
            JOIN information_schema.processlist AS process ON process.id = waiter.trx_mysql_thread_id
            WHERE waiter.trx_state = 'LOCK WAIT' AND process.db = DATABASE()",
        )
        .await;
        run(&mut watcher, format!("{how} {id}")).await;
        let error = appending.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TryAgain, "{error:?}");
        run(&mut stranger, "ROLLBACK").await;
        assert_eq!(log(&store).await, Vec::<String>::new());
    }
    store.append(&stream(1), Expected::NoStream, &batch(&["1"])).await.unwrap();
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
        for _ in 0..polls {
            let _ = poll_once(&mut appending).await;
            tokio::task::yield_now().await;
        }
        drop(appending);
        let four = batch(&["4"]);
        let after = store.append(&stream, Expected::Any, &four);
        tokio::time::timeout(Duration::from_secs(1), after).await.unwrap().unwrap();
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
        tokio::spawn(async move { store.append(&stream(1), Expected::Any, &batch(&["1"])).await })
    };
    let mut watcher = database.stranger().await;
    wait_for_a_waiter(&mut watcher).await;
    appending.abort();
    assert!(appending.await.unwrap_err().is_cancelled());
    run(&mut stranger, "ROLLBACK").await;
    store.append(&stream(2), Expected::NoStream, &batch(&["2"])).await.unwrap();
    let log = log(&store).await;
    assert!(log == ["2"] || log == ["1", "2"], "{log:?}");
}

#[tokio::test]
async fn a_pool_that_is_used_up_is_unavailable() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let options = database.options().max_connections(1).acquire_timeout(Duration::from_millis(20));
    let store = MySqlStore::connect(options).await.unwrap();
    let transaction = store.begin().await.unwrap();
    for error in [
        store.watermark().await.unwrap_err(),
        store.append(&stream(1), Expected::Any, &batch(&["1"])).await.unwrap_err(),
        store.begin().await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
    transaction.rollback().await.unwrap();
    store.append(&stream(1), Expected::Any, &batch(&["1"])).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let options = MySqlOptions::from_url("mysql://root:secret@127.0.0.1:1/nowhere").unwrap();
    let error = MySqlStore::connect(options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn missing_tables_are_a_mismatch_that_says_what_to_run() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, "DROP TABLE rehydrate_events, rehydrate_counter").await;
    for error in [
        store.watermark().await.unwrap_err(),
        try_read(&store, &stream(1)).await.unwrap_err(),
        store.append(&stream(1), Expected::Any, &batch(&["1"])).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::SchemaMismatch { .. }), "{error:?}");
        assert!(error.to_string().contains("MySqlStore::migrate"), "{error}");
    }
}

#[tokio::test]
async fn what_does_not_fit_into_a_packet_is_refused_before_it_is_sent() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    let limit = number(&mut stranger, "SELECT @@max_allowed_packet").await;
    let limit = usize::try_from(limit).unwrap();
    let fitting = "x".repeat(limit - 10_000);
    store.append(&stream(1), Expected::NoStream, &batch(&[&fitting])).await.unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, [fitting]);
    let large = "x".repeat(limit);
    let error = store
        .append(&stream(2), Expected::NoStream, &batch(&[&large]))
        .await
        .unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("max_allowed_packet"), "{source}");
    let half = "x".repeat(limit / 2 - 5_000);
    store.append(&stream(3), Expected::NoStream, &batch(&[&half, &half])).await.unwrap();
    assert_eq!(payloads(&store, &stream(3)).await.len(), 2);
}
