//! What goes wrong, forced on a real server, and what a caller is told.

use rehydrate::{EventStore, Expected, Outcome, Position, StoreError, Version};

use crate::common::{
    Database, LOCK, batch, keyed, log, number, payloads, run, stream, try_read, waiter,
};

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
    store
        .append(&stream(1), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
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
        tokio::spawn(async move {
            store
                .append(&stream(1), Expected::Any, &batch(&["1"]))
                .await
        })
    };
    let mut watcher = database.stranger().await;
    waiter(&mut watcher).await;
    // Its first wait ends by a time-out, after which nothing runs so long until the next one.
    let running = "SELECT COUNT(*) FROM information_schema.processlist
        WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command IN ('Query', 'Execute')
        AND time_ms > 50";
    while number(&mut watcher, running).await > 0 {
        tokio::task::yield_now().await;
    }
    waiter(&mut watcher).await;
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
    store
        .append(&stream(1), Expected::Any, &keyed(&["1"], "key"))
        .await
        .unwrap();
    let mut stranger = database.stranger().await;
    run(&mut stranger, LOCK).await;
    let stale = store
        .append(&stream(1), Expected::NoStream, &batch(&["2"]))
        .await;
    assert!(
        matches!(
            stale,
            Err(StoreError::Conflict {
                actual: Version(1),
                ..
            })
        ),
        "{stale:?}"
    );
    let again = store
        .append(&stream(1), Expected::Any, &keyed(&["1"], "key"))
        .await;
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
            store
                .append(&stream(1), Expected::NoStream, &keyed(&["1"], "key"))
                .await
        })
    };
    let mut watcher = database.stranger().await;
    waiter(&mut watcher).await;
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
        tokio::spawn(async move {
            store
                .append(&stream(1), Expected::NoStream, &batch(&["1"]))
                .await
        })
    };
    let mut watcher = database.stranger().await;
    waiter(&mut watcher).await;
    run(&mut stranger, "COMMIT").await;
    let outcome = appending.await.unwrap();
    assert!(
        matches!(
            outcome,
            Err(StoreError::Conflict {
                actual: Version(1),
                ..
            })
        ),
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
            store
                .append(&stream(1), Expected::NoStream, &keyed(&["1"], "key"))
                .await
        })
    };
    let mut watcher = database.stranger().await;
    waiter(&mut watcher).await;
    run(&mut stranger, "COMMIT").await;
    let outcome = appending.await.unwrap().unwrap();
    assert_eq!(
        (outcome.outcome, outcome.position),
        (Outcome::Repeated, Position(55))
    );
    assert_eq!(
        log(&store).await,
        Vec::<String>::new(),
        "nothing was written"
    );
}

#[tokio::test]
async fn missing_tables_are_a_mismatch_that_says_what_to_run() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "DROP TABLE rehydrate_events, rehydrate_counter",
    )
    .await;
    for error in [
        store.watermark().await.unwrap_err(),
        try_read(&store, &stream(1)).await.unwrap_err(),
        store
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::SchemaMismatch { .. }),
            "{error:?}"
        );
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
    let limit = number(&mut stranger, "SELECT CAST(@@max_allowed_packet AS SIGNED)").await;
    let limit = usize::try_from(limit).unwrap();
    let fitting = "x".repeat(limit - 10_000);
    store
        .append(&stream(1), Expected::NoStream, &batch(&[&fitting]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, [fitting]);
    let large = "x".repeat(limit);
    let error = store
        .append(&stream(2), Expected::NoStream, &batch(&[&large]))
        .await
        .unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("max_allowed_packet"), "{source}");
    let half = "x".repeat(limit / 2 - 5_000);
    store
        .append(&stream(3), Expected::NoStream, &batch(&[&half, &half]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &stream(3)).await.len(), 2);
}

/// What would need a server that is broken in each of these ways: a trigger says it in its place.
#[tokio::test]
async fn each_code_of_the_server_is_told_as_what_a_caller_can_do() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    for code in [
        1290, 1836, 1114, 1021, 1053, 1040, 1317, 1213, 1205, 1153, 1406,
    ] {
        run(
            &mut stranger,
            format!(
                "DROP TRIGGER IF EXISTS failing;
                CREATE TRIGGER failing BEFORE INSERT ON rehydrate_events FOR EACH ROW
                SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'Duplicate entry'"
            ),
        )
        .await;
        let error = store
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await
            .unwrap_err();
        let is_right = match code {
            1290 | 1836 => matches!(error, StoreError::ReadOnly { .. }),
            1114 | 1021 => matches!(error, StoreError::Full { .. }),
            1153 | 1406 => matches!(error, StoreError::Backend { .. }),
            _ => matches!(error, StoreError::Unavailable { .. }),
        };
        assert!(is_right, "{code}: {error:?}");
    }
    run(&mut stranger, "DROP TRIGGER failing").await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["1"]);
    assert_eq!(store.watermark().await.unwrap(), Position(1));
}
