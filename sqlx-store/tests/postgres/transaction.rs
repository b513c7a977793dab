use futures_util::{FutureExt as _, TryStreamExt as _};
use rehydrate::{EventStore as _, Expected, Page, StoreError, StreamQuery};
use sqlx::Connection as _;

use crate::common::{Place, batch, count, execute, log, payloads, stream, try_execute};

#[tokio::test]
async fn the_callers_own_rows_commit_with_the_events_or_not_at_all() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let table = format!("{}.invoices", place.schema);
    let mut stranger = place.stranger().await;
    execute(
        &mut stranger,
        &format!("CREATE TABLE {table} (number bigint)"),
    )
    .await;
    for commits in [false, true] {
        let mut transaction = store.begin().await.unwrap();
        let insert = format!("INSERT INTO {table} VALUES (17)");
        execute(transaction.connection(), &insert).await;
        transaction
            .append(&stream(1), Expected::NoStream, &batch(&["1"]))
            .await
            .unwrap();
        if commits {
            transaction.commit().await.unwrap();
        } else {
            drop(transaction);
        }
        let rows = count(&mut stranger, "SELECT count(*) FROM invoices").await;
        assert_eq!(
            (rows == 1, log(&store).await.len() == 1),
            (commits, commits)
        );
    }
}

#[tokio::test]
async fn a_commit_after_an_error_that_the_caller_has_passed_over_is_refused() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let failed = try_execute(transaction.connection(), "SELECT 1 / 0").await;
    assert!(failed.is_err());
    let committed = transaction.commit().await;
    assert!(
        matches!(committed, Err(StoreError::Backend { .. })),
        "{committed:?}"
    );
    assert!(log(&store).await.is_empty());
}

#[tokio::test]
async fn a_commit_goes_on_when_its_caller_gives_up() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let payment = stream(1);
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let (done, ran) = tokio::sync::oneshot::channel();
    transaction.after_commit(Box::pin(async move { done.send(()).unwrap() }));
    let mut commit = Box::pin(transaction.commit());
    assert!(commit.as_mut().now_or_never().is_none());
    drop(commit);
    ran.await.unwrap();
    assert_eq!(payloads(&store, &payment).await, ["1"]);
}

#[tokio::test]
async fn an_append_that_was_dropped_before_its_end_leaves_only_the_way_back() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let payment = stream(1);
    let one = batch(&["1"]);
    let transaction = loop {
        let mut transaction = store.begin().await.unwrap();
        let append = transaction.append(&payment, Expected::NoStream, &one);
        if append.now_or_never().is_none() {
            break transaction;
        }
        // The server's answer was faster than the first look for it.
        transaction.rollback().await.unwrap();
    };
    assert!(transaction.commit().await.is_err());
    assert!(log(&store).await.is_empty());
    store
        .append(&payment, Expected::NoStream, &one)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_transaction_reads_its_own_appends_and_can_append_after_half_a_read() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let payment = stream(1);
    let mut transaction = store.begin().await.unwrap();
    let texts = vec!["1"; 3_000];
    transaction
        .append(&payment, Expected::NoStream, &batch(&texts))
        .await
        .unwrap();
    let query = StreamQuery::new(payment.clone());
    let mut read = transaction.read(&query).await.unwrap();
    assert_eq!(read.pages.try_next().await.unwrap().unwrap().len(), 1_000);
    drop(read);
    transaction
        .append(&payment, Expected::Any, &batch(&["2"]))
        .await
        .unwrap();
    let pages = transaction.read(&query).await.unwrap().pages;
    let pages: Vec<Page> = pages.try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Page::len).sum::<usize>(), 3_001);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_callers_own_savepoints_work_inside_a_transaction() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut transaction = store.begin().await.unwrap();
    let create = format!("CREATE TABLE {}.invoices (number int)", place.schema);
    execute(transaction.connection(), &create).await;
    let mut savepoint = transaction.connection().begin().await.unwrap();
    let insert = format!("INSERT INTO {}.invoices VALUES (1)", place.schema);
    execute(&mut savepoint, &insert).await;
    drop(savepoint);
    transaction.commit().await.unwrap();
    let mut stranger = place.stranger().await;
    assert_eq!(
        count(&mut stranger, "SELECT count(*) FROM invoices").await,
        0
    );
}
