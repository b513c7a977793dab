use futures_util::FutureExt as _;
use rehydrate::{EventStore as _, Expected, StoreError};

use crate::common::{Place, batch, execute, payloads, stream};

#[tokio::test]
async fn an_append_waits_for_another_process_that_writes() {
    let place = Place::new();
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "BEGIN IMMEDIATE").await;
    let payment = stream(1);
    let one = batch(&["1"]);
    let mut append = Box::pin(store.append(&payment, Expected::NoStream, &one));
    assert!(append.as_mut().now_or_never().is_none());
    // Reading does not wait.
    assert!(payloads(&store, &payment).await.is_empty());
    execute(&mut stranger, "ROLLBACK").await;
    append.await.unwrap();
    assert_eq!(payloads(&store, &payment).await, ["1"]);
}

#[tokio::test]
async fn an_append_gives_up_after_the_busy_timeout_and_has_written_nothing() {
    let place = Place::new();
    let store = place.open_impatient().await;
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "BEGIN IMMEDIATE").await;
    let payment = stream(1);
    let refused = store
        .append(&payment, Expected::NoStream, &batch(&["1"]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    let begun = store.begin().await;
    assert!(
        matches!(begun, Err(StoreError::Unavailable { .. })),
        "{begun:?}"
    );
    execute(&mut stranger, "ROLLBACK").await;
    assert!(payloads(&store, &payment).await.is_empty());
    store
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    assert_eq!(payloads(&store, &payment).await, ["2"]);
}

#[tokio::test]
async fn an_append_does_not_wait_for_ever_for_a_transaction_of_its_own_process() {
    let place = Place::new();
    let store = place.open_impatient().await;
    let transaction = store.begin().await.unwrap();
    let payment = stream(1);
    for refused in [
        store
            .append(&payment, Expected::Any, &batch(&["1"]))
            .await
            .map(drop),
        store.begin().await.map(drop),
    ] {
        match refused.unwrap_err() {
            StoreError::Unavailable { reason, .. } => {
                assert!(reason.contains("of this process"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    transaction.commit().await.unwrap();
    store
        .append(&payment, Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_can_be_opened_while_somebody_writes() {
    let place = Place::new();
    let store = place.open().await;
    let transaction = store.begin().await.unwrap();
    let second = place.open_impatient().await;
    assert_eq!(second.watermark().await.unwrap(), 0);
    transaction.rollback().await.unwrap();
}
