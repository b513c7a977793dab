use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{FutureExt as _, TryStreamExt as _};
use rehydrate::{EventStore as _, Expected, Page, StoreError, StreamQuery};
use rehydrate_sqlx::SqliteStore;
use sqlx::Connection as _;

use crate::common::{Place, batch, count, execute, payloads, stream};

#[tokio::test]
async fn appends_and_the_callers_own_rows_are_committed_together() {
    let place = Place::new();
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "CREATE TABLE invoices (number INTEGER)").await;
    let payment = stream(1);
    for commit in [false, true] {
        let mut transaction = store.begin().await.unwrap();
        execute(transaction.connection(), "INSERT INTO invoices VALUES (1)").await;
        transaction
            .append(&payment, Expected::NoStream, &batch(&["1"]))
            .await
            .unwrap();
        assert!(payloads(&store, &payment).await.is_empty());
        if commit {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        let invoices = count(&mut stranger, "SELECT count(*) FROM invoices").await;
        assert_eq!(invoices == 1, commit);
        assert_eq!(payloads(&store, &payment).await.len() == 1, commit);
    }
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_at_once_and_gives_the_lock_back() {
    let place = Place::new();
    let store = place.open().await;
    let payment = stream(1);
    let ran = Arc::new(AtomicU32::new(0));
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let counter = Arc::clone(&ran);
    transaction.after_commit(Box::pin(async move {
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    drop(transaction);
    // Another process gets the lock without anybody using the store again.
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "BEGIN IMMEDIATE; ROLLBACK").await;
    assert!(payloads(&store, &payment).await.is_empty());
    store
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await, ["2"]);
    assert_eq!(ran.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_transaction_dropped_in_the_middle_of_a_statement_is_rolled_back() {
    let place = Place::new();
    let store = place.open().await;
    let payment = stream(1);
    for _ in 0..20 {
        let mut transaction = store.begin().await.unwrap();
        let one = batch(&["1"]);
        let mut append = Box::pin(transaction.append(&payment, Expected::NoStream, &one));
        let _ = append.as_mut().now_or_never();
        drop(append);
        drop(transaction);
        let mut begin = Box::pin(store.begin());
        let _ = begin.as_mut().now_or_never();
    }
    store
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await, ["2"]);
}

#[tokio::test]
async fn a_commit_goes_on_when_its_caller_gives_up() {
    let store = SqliteStore::in_memory().await.unwrap();
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
async fn after_commit_actions_run_in_order_and_may_write() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    for text in ["2", "3"] {
        let (store, payment) = (store.clone(), payment.clone());
        transaction.after_commit(Box::pin(async move {
            store
                .append(&payment, Expected::Any, &batch(&[text]))
                .await
                .unwrap();
        }));
    }
    transaction.commit().await.unwrap();
    assert_eq!(payloads(&store, &payment).await, ["1", "2", "3"]);
}

#[tokio::test]
async fn a_conflict_leaves_the_transaction_as_it_was() {
    let store = SqliteStore::in_memory().await.unwrap();
    let (first, second) = (stream(1), stream(2));
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&first, Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let conflict = transaction
        .append(&first, Expected::NoStream, &batch(&["2"]))
        .await;
    assert!(matches!(conflict, Err(StoreError::Conflict { actual, .. }) if actual == 1));
    transaction
        .append(&second, Expected::NoStream, &batch(&["3"]))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(payloads(&store, &first).await, ["1"]);
    assert_eq!(payloads(&store, &second).await, ["3"]);
}

#[tokio::test]
async fn a_transaction_reads_its_own_appends_and_can_append_after_half_a_read() {
    let store = SqliteStore::in_memory().await.unwrap();
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
    let store = SqliteStore::in_memory().await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    execute(
        transaction.connection(),
        "CREATE TABLE invoices (number INTEGER)",
    )
    .await;
    let mut savepoint = transaction.connection().begin().await.unwrap();
    execute(&mut savepoint, "INSERT INTO invoices VALUES (1)").await;
    drop(savepoint);
    transaction.commit().await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    let rows = count(transaction.connection(), "SELECT count(*) FROM invoices").await;
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn nothing_is_committed_by_a_transaction_that_the_caller_has_ended() {
    let store = SqliteStore::in_memory().await.unwrap();
    let payment = stream(1);
    let mut transaction = store.begin().await.unwrap();
    execute(transaction.connection(), "ROLLBACK").await;
    let refused = transaction
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Backend { .. })),
        "{refused:?}"
    );
    assert!(transaction.commit().await.is_err());
    store
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await, ["2"]);
}
