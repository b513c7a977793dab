use rehydrate::{EventStore, Expected, StoreError, StreamQuery};
use sqlx::Connection as _;

use crate::common::{Database, batch, keyed, log, number, payloads, poll_once, run, stream};

const INVOICES: &str = "CREATE TABLE invoices (number INT PRIMARY KEY) ENGINE = InnoDB";

#[tokio::test]
async fn two_streams_and_a_row_of_the_callers_commit_together_or_not_at_all() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, INVOICES).await;
    for commits in [false, true] {
        let mut transaction = store.begin().await.unwrap();
        transaction
            .append(&stream(1), Expected::NoStream, &batch(&["1"]))
            .await
            .unwrap();
        run(transaction.connection(), "INSERT INTO invoices VALUES (1)").await;
        transaction
            .append(&stream(2), Expected::NoStream, &batch(&["2"]))
            .await
            .unwrap();
        if commits {
            transaction.commit().await.unwrap();
            assert_eq!(log(&store).await, ["1", "2"]);
        } else {
            transaction.rollback().await.unwrap();
            assert_eq!(log(&store).await, Vec::<String>::new());
        }
        let rows = number(&mut stranger, "SELECT COUNT(*) FROM invoices").await;
        assert_eq!(rows, i64::from(commits));
    }
}

#[tokio::test]
async fn a_dropped_transaction_gives_its_connection_and_the_counter_back() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let options = database.options().max_connections(1);
    let store = rehydrate_sqlx::MySqlStore::connect(options).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    drop(transaction);
    store
        .append(&stream(1), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["2"]);
    let mut transaction = store.begin().await.unwrap();
    let (one, three) = (stream(1), batch(&["3"]));
    let mut appending = Box::pin(transaction.append(&one, Expected::Any, &three));
    // A server may be so fast that there is nothing left to drop.
    let is_done = poll_once(&mut appending).await;
    drop(appending);
    let after = transaction.append(&one, Expected::Any, &three).await;
    assert!(
        is_done || matches!(after, Err(StoreError::Backend { .. })),
        "its outcome is unknown: {after:?}"
    );
    drop(transaction);
    store
        .append(&stream(1), Expected::Any, &batch(&["4"]))
        .await
        .unwrap();
    assert_eq!(log(&store).await, ["2", "4"]);
}

#[tokio::test]
async fn a_savepoint_of_the_callers_stays_inside_the_transaction() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    run(&mut stranger, INVOICES).await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut inner = transaction.connection().begin().await.unwrap();
    run(&mut inner, "INSERT INTO invoices VALUES (1)").await;
    inner.rollback().await.unwrap();
    let mut inner = transaction.connection().begin().await.unwrap();
    run(&mut inner, "INSERT INTO invoices VALUES (2)").await;
    inner.commit().await.unwrap();
    assert_eq!(log(&store).await, Vec::<String>::new());
    transaction.commit().await.unwrap();
    assert_eq!(
        number(
            &mut stranger,
            "SELECT CAST(SUM(number) AS SIGNED) FROM invoices"
        )
        .await,
        2
    );
    assert_eq!(log(&store).await, ["1"]);
}

#[tokio::test]
async fn an_append_that_fails_on_a_key_leaves_what_came_before_it() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    store
        .append(&stream(1), Expected::NoStream, &keyed(&["1"], "key"))
        .await
        .unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    let reused = transaction
        .append(&stream(2), Expected::Any, &keyed(&["3"], "key"))
        .await;
    assert!(
        matches!(reused, Err(StoreError::KeyReused { .. })),
        "{reused:?}"
    );
    transaction.commit().await.unwrap();
    assert_eq!(log(&store).await, ["1", "2"]);
}

/// After a deadlock, or a statement that commits by itself, the server has no transaction any more.
#[tokio::test]
async fn a_transaction_that_the_server_has_ended_neither_appends_nor_commits() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    for ending in ["ROLLBACK", "CREATE TABLE IF NOT EXISTS other (number INT)"] {
        let mut transaction = store.begin().await.unwrap();
        run(transaction.connection(), ending).await;
        let appended = transaction
            .append(&stream(1), Expected::Any, &batch(&["1"]))
            .await;
        assert!(
            matches!(appended, Err(StoreError::Backend { .. })),
            "{appended:?}"
        );
        transaction.rollback().await.unwrap();

        let mut transaction = store.begin().await.unwrap();
        run(transaction.connection(), ending).await;
        let committed = transaction.commit().await;
        assert!(
            matches!(committed, Err(StoreError::OutcomeUnknown { .. })),
            "{committed:?}"
        );
    }
    assert_eq!(log(&store).await, Vec::<String>::new());
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_transaction_that_was_killed_is_told_so() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    let mut stranger = database.stranger().await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let id = number(
        transaction.connection(),
        "SELECT CAST(CONNECTION_ID() AS SIGNED)",
    )
    .await;
    run(&mut stranger, format!("KILL {id}")).await;
    let query = StreamQuery::new(stream(1));
    let error = transaction.read(&query).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let error = transaction.commit().await.unwrap_err();
    assert!(
        matches!(error, StoreError::OutcomeUnknown { .. }),
        "{error:?}"
    );
    store
        .append(&stream(1), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &stream(1)).await, ["2"]);
}
