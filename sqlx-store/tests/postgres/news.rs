use std::time::Duration;

use rehydrate::{EventStore as _, Expected, Position};

use crate::common::{Place, batch, execute, stream};

const LONG: Duration = Duration::from_secs(3_600);
/// Longer than anything takes that works.
const LIMIT: Duration = Duration::from_secs(30);

/// Waits until there is something after a position.
async fn until_past(store: &rehydrate_sqlx::PostgresStore, position: Position) {
    let wait = async {
        while store.watermark().await.unwrap() <= position {
            store.wait_past(position, LONG).await.unwrap();
        }
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap();
}

#[tokio::test]
async fn an_append_of_another_process_ends_a_wait() {
    let Some(place) = Place::new().await else {
        return;
    };
    // Two stores share nothing but the server.
    let (here, elsewhere) = (place.open().await, place.open().await);
    for number in 0..3 {
        let write = async {
            tokio::task::yield_now().await;
            elsewhere
                .append(&stream(number), Expected::NoStream, &batch(&["1"]))
                .await
                .unwrap();
        };
        tokio::join!(until_past(&here, Position(number)), write);
    }
}

#[tokio::test]
async fn a_rollback_of_what_held_the_log_up_ends_a_wait() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    store
        .append(&stream(2), Expected::NoStream, &batch(&["2"]))
        .await
        .unwrap();
    let roll_back = async {
        tokio::task::yield_now().await;
        transaction.rollback().await.unwrap();
    };
    tokio::join!(until_past(&store, Position(0)), roll_back);
}

#[tokio::test]
async fn who_listens_no_longer_listens_again() {
    let Some(place) = Place::new().await else {
        return;
    };
    let (here, elsewhere) = (place.open().await, place.open().await);
    let mut stranger = place.stranger().await;
    elsewhere
        .append(&stream(0), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let oid = "SELECT 'rehydrate_events'::regclass::oid::bigint";
    let oid = crate::common::count(&mut stranger, oid).await;
    let listening = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"rehydrate_{oid}\"%'"
    );
    let cut = async {
        while crate::common::count(&mut stranger, &listening).await == 0 {
            tokio::task::yield_now().await;
        }
        let terminate = listening.replace("count(*)", "pg_terminate_backend(pid, 10000)");
        execute(&mut stranger, &terminate).await;
        elsewhere
            .append(&stream(1), Expected::NoStream, &batch(&["2"]))
            .await
            .unwrap();
    };
    tokio::join!(until_past(&here, Position(1)), cut);
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_up() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let wait = store.wait_past(Position(0), Duration::from_millis(1));
    tokio::time::timeout(LIMIT, wait).await.unwrap().unwrap();
}
