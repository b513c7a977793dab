//! Positions become visible in their order, forced with a connection that holds its append open.

use rehydrate::{EventStore, Expected, Position};
use sqlx::mysql::MySqlConnection;

use crate::common::{Database, batch, log, run, stream};

/// Takes a position and inserts at it, without committing.
async fn hold_an_append_open(connection: &mut MySqlConnection) {
    run(
        connection,
        "START TRANSACTION;
        SELECT position INTO @position FROM rehydrate_counter WHERE id = 1 FOR UPDATE;
        INSERT INTO rehydrate_events (position, category, stream_id, version, event_type,
            schema_version, payload, event_id, recorded_at)
        VALUES (@position + 1, 'payment', 'held', 1, 'captured', 1, 'held', UNHEX(MD5('1')), 0);
        UPDATE rehydrate_counter SET position = @position + 1, writer = CONNECTION_ID() WHERE id = 1",
    )
    .await;
}

#[tokio::test]
async fn readers_stop_below_an_append_that_is_held_open_and_see_it_after_its_commit() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = database.stranger().await;
    hold_an_append_open(&mut stranger).await;
    let later = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .append(&stream(2), Expected::NoStream, &batch(&["2"]))
                .await
        })
    };
    for _ in 0..5 {
        tokio::task::yield_now().await;
        assert_eq!(log(&store).await, ["1"]);
        assert_eq!(store.watermark().await.unwrap(), Position(1));
    }
    assert!(!later.is_finished(), "nobody commits before it");
    run(&mut stranger, "COMMIT").await;
    let later = later.await.unwrap().unwrap();
    assert_eq!(later.position, Position(3));
    assert_eq!(log(&store).await, ["1", "held", "2"]);
}

#[tokio::test]
async fn readers_pass_an_append_that_is_rolled_back() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    hold_an_append_open(&mut stranger).await;
    assert_eq!(store.watermark().await.unwrap(), Position::ZERO);
    run(&mut stranger, "ROLLBACK").await;
    store
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["2"]);
    assert_eq!(store.watermark().await.unwrap(), Position(1));
}

#[tokio::test]
async fn an_append_whose_client_dies_is_rolled_back_and_passed() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    hold_an_append_open(&mut stranger).await;
    drop(stranger);
    store
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["2"]);
}

#[tokio::test]
async fn an_unrelated_transaction_does_not_hold_the_watermark_up() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "CREATE TABLE invoices (number INT PRIMARY KEY) ENGINE = InnoDB;
        START TRANSACTION;
        INSERT INTO invoices VALUES (1)",
    )
    .await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["1"]);
    assert_eq!(store.watermark().await.unwrap(), Position(1));
    run(&mut stranger, "COMMIT").await;
}

#[tokio::test]
async fn a_diagnosis_names_whoever_holds_the_watermark_up() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = database.stranger().await;
    let pid = crate::common::number(&mut stranger, "SELECT CAST(CONNECTION_ID() AS SIGNED)").await;
    hold_an_append_open(&mut stranger).await;
    let diagnosis = store.diagnose().await.unwrap();
    assert_eq!(
        (diagnosis.head, diagnosis.watermark),
        (Position(2), Position(1))
    );
    let [holder] = &diagnosis.held_by[..] else {
        panic!("{diagnosis:?}");
    };
    assert_eq!(holder.pid, pid);
    assert_eq!(holder.query, "nothing: it waits for its client");
    run(&mut stranger, "COMMIT").await;
    assert_eq!(store.diagnose().await.unwrap().held_by, []);
    run(
        &mut stranger,
        "ALTER TABLE rehydrate_events DROP INDEX rehydrate_events_stream",
    )
    .await;
    let diagnosis = store.diagnose().await.unwrap();
    assert_eq!(
        diagnosis.missing_indexes,
        ["rehydrate_events.rehydrate_events_stream"]
    );
    assert_eq!(diagnosis.schema_version, 4);
    assert!(!diagnosis.database.is_empty());
    assert!(diagnosis.tables.iter().any(|table| table.bytes > 0));
}
