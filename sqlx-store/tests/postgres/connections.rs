//! Connections that end when nobody wants them to.

use std::time::Duration;

use futures_util::FutureExt as _;
use rehydrate::{EventStore as _, Expected, Outcome, StoreError};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};

use crate::common::{
    Place, batch, batch_with_key, count, execute, log, payloads, stream, until_blocked_by,
};
use crate::proxy::Proxy;

/// Ends the store's connections, but not the stranger's.
fn terminate(place: &Place) -> String {
    format!(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE application_name = '{}' AND pid <> pg_backend_pid()",
        place.schema
    )
}

/// A store whose connections have a name of their own.
async fn open(place: &Place) -> PostgresStore {
    let connect: sqlx::postgres::PgConnectOptions = place.url.parse().unwrap();
    let options = PostgresOptions::new(connect.application_name(&place.schema));
    PostgresStore::connect(options.schema(&place.schema))
        .await
        .unwrap()
}

#[tokio::test]
async fn connections_that_were_ended_while_idle_are_replaced_without_a_word() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    let mut stranger = place.stranger().await;
    let payment = stream(1);
    let idle = async || {
        // Several, so that one replacement is not enough.
        let (one, two) = (store.begin().await.unwrap(), store.begin().await.unwrap());
        one.rollback().await.unwrap();
        two.rollback().await.unwrap();
    };
    for round in 1..=3 {
        idle().await;
        execute(&mut stranger, &terminate(&place)).await;
        let appended = store.append(&payment, Expected::Any, &batch(&["1"])).await;
        assert_eq!(appended.unwrap().version, round);
        idle().await;
        execute(&mut stranger, &terminate(&place)).await;
        let read = payloads(&store, &payment).await;
        assert_eq!(read.len() as u64, round);
        execute(&mut stranger, &terminate(&place)).await;
        assert_eq!(store.watermark().await.unwrap(), round);
        execute(&mut stranger, &terminate(&place)).await;
        store.begin().await.unwrap().rollback().await.unwrap();
    }
}

#[tokio::test]
async fn an_append_whose_backend_is_ended_is_done_once() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    let mut stranger = place.stranger().await;
    let mut blocker = place.stranger().await;
    execute(
        &mut blocker,
        "BEGIN; LOCK TABLE rehydrate_events IN EXCLUSIVE MODE",
    )
    .await;
    let payment = stream(1);
    let one = batch(&["1"]);
    let append = store.append(&payment, Expected::NoStream, &one);
    let kill = async {
        until_blocked_by(&mut blocker, &mut stranger).await;
        execute(&mut stranger, &terminate(&place)).await;
        until_blocked_by(&mut blocker, &mut stranger).await;
        execute(&mut blocker, "COMMIT").await;
    };
    let (appended, ()) = futures_util::future::join(append, kill).await;
    assert_eq!(appended.unwrap().outcome, Outcome::Written);
    assert_eq!(log(&store).await, ["1"]);
}

#[tokio::test]
async fn a_transaction_whose_backend_is_ended_has_written_nothing() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = open(&place).await;
    let mut stranger = place.stranger().await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    execute(&mut stranger, &terminate(&place)).await;
    let committed = transaction.commit().await;
    assert!(
        matches!(committed, Err(StoreError::Unavailable { .. })),
        "{committed:?}"
    );
    assert!(log(&store).await.is_empty());
}

#[tokio::test]
async fn an_append_without_an_answer_may_have_happened_and_a_key_makes_it_safe() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let options = PostgresOptions::new(proxy.connect_options()).schema(&place.schema);
    let store = PostgresStore::connect(options.wake_others(false))
        .await
        .unwrap();
    let payment = stream(1);
    // So that the statement is prepared, and its execution is what gets no answer.
    let warm = batch(&["0"]);
    store
        .append(&stream(0), Expected::NoStream, &warm)
        .await
        .unwrap();
    proxy.lose_the_next_answer();
    let one = batch(&["1"]);
    let unknown = store.append(&payment, Expected::NoStream, &one).await;
    assert!(
        matches!(unknown, Err(StoreError::OutcomeUnknown { .. })),
        "{unknown:?}"
    );
    assert_eq!(
        payloads(&store, &payment).await,
        ["1"],
        "it was not sent twice"
    );
    store
        .append(&stream(0), Expected::Any, &warm)
        .await
        .unwrap();
    proxy.lose_the_next_answer();
    let two = batch_with_key(&["2"], "key");
    let appended = store.append(&payment, Expected::Any, &two).await.unwrap();
    assert_eq!(
        (appended.version.get(), appended.outcome),
        (2, Outcome::Repeated)
    );
    assert_eq!(payloads(&store, &payment).await, ["1", "2"]);
}

#[tokio::test]
async fn a_commit_without_an_answer_may_have_happened() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let options = PostgresOptions::new(proxy.connect_options()).schema(&place.schema);
    let store = PostgresStore::connect(options.wake_others(false))
        .await
        .unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    proxy.lose_the_next_answer();
    let committed = transaction.commit().await;
    assert!(
        matches!(committed, Err(StoreError::OutcomeUnknown { .. })),
        "{committed:?}"
    );
}

#[tokio::test]
async fn a_read_without_an_answer_is_sent_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let options = PostgresOptions::new(proxy.connect_options()).schema(&place.schema);
    let store = PostgresStore::connect(options.wake_others(false))
        .await
        .unwrap();
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    proxy.lose_the_next_answer();
    assert_eq!(payloads(&store, &stream(1)).await, ["1"]);
    proxy.lose_the_next_answer();
    assert_eq!(log(&store).await, ["1"]);
}

#[tokio::test]
async fn who_finds_all_connections_taken_may_try_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    let options = place.options().max_connections(1);
    let options = options.acquire_timeout(Duration::from_secs(2));
    let store = PostgresStore::connect(options).await.unwrap();
    let transaction = store.begin().await.unwrap();
    let payment = stream(1);
    for refused in [
        store
            .append(&payment, Expected::Any, &batch(&["1"]))
            .await
            .map(drop),
        store.begin().await.map(drop),
        store.watermark().await.map(drop),
    ] {
        match refused.unwrap_err() {
            StoreError::Unavailable { reason, .. } => {
                assert!(reason.contains("all connections are taken"), "{reason}");
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
async fn a_call_that_is_given_up_does_not_spoil_a_connection() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = PostgresStore::connect(place.options().max_connections(1))
        .await
        .unwrap();
    let payment = stream(1);
    let texts = vec!["1"; 5_000];
    store
        .append(&payment, Expected::NoStream, &batch(&texts))
        .await
        .unwrap();
    for _ in 0..3 {
        let two = batch(&["2"]);
        let given_up = store.append(&payment, Expected::NoStream, &two);
        // It has been sent, and its answer is left unread.
        assert!(!matches!(given_up.now_or_never(), Some(Ok(_))));
        let query = rehydrate::StreamQuery::new(payment.clone());
        let half = store.read(&query).await.unwrap();
        drop(half);
        assert_eq!(payloads(&store, &payment).await.len(), 5_000);
    }
    let mut stranger = place.stranger().await;
    let events = "SELECT count(*) FROM rehydrate_events";
    assert_eq!(count(&mut stranger, events).await, 5_000);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let options = PostgresOptions::from_url("postgres://nobody@127.0.0.1:1/none").unwrap();
    let refused = PostgresStore::connect(options).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Unavailable { .. }),
        "{refused:?}"
    );
}
