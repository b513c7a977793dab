//! What each call asks the server, as exact lists.

use rehydrate::{
    Aggregate, Event, EventStore, Expected, Fingerprint, LogQuery, Position, Repository, Snapshot,
    StreamQuery, Version,
};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlConnectOptions;

use crate::common::{Database, batch, keyed, payloads, stream, try_read, url};
use crate::proxy::{self, Trips};

const APPEND: &str = "begin + check_append + lock_counter + check_append + append_events + \
    record_command + move_counter + append_outcome + forget_append + commit";

/// A store with one connection, behind a proxy.
async fn watched(database: &Database) -> (MySqlStore, Trips) {
    let server: MySqlConnectOptions = url().parse().unwrap();
    let (port, trips) = proxy::start(server.get_host().to_owned(), server.get_port()).await;
    let at = format!("{}:{}", server.get_host(), server.get_port());
    let through = url().replace(&at, &format!("127.0.0.1:{port}"));
    let options = MySqlOptions::from_url(&through)
        .unwrap()
        .database(&database.name)
        .max_connections(1);
    let store = MySqlStore::connect(options).await.unwrap();
    trips.take();
    (store, trips)
}

/// Does everything once, so that every statement has been prepared.
async fn warm_up(store: &MySqlStore) {
    let stream = stream("warm");
    let (batch, empty) = (keyed(&["1"], "warm"), batch(&[]));
    for _ in 0..2 {
        store.append(&stream, Expected::Any, &batch).await.unwrap();
    }
    store.append(&stream, Expected::Any, &empty).await.unwrap();
    store.write_snapshot(&stream, &snapshot(1)).await.unwrap();
    payloads(store, &stream).await;
    store.watermark().await.unwrap();
    store.list_streams("payment", None, 1).await.unwrap();
    for categories in [Vec::new(), vec!["payment".to_owned()]] {
        let query = LogQuery {
            categories,
            ..LogQuery::after(Position::ZERO)
        };
        store.read_log(&query).await.unwrap();
    }
}

fn snapshot(version: u64) -> Snapshot {
    Snapshot {
        version: Version(version),
        position: Position(version),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        fingerprint: Fingerprint(1),
        state: "{}".to_owned(),
    }
}

#[tokio::test]
async fn an_append_takes_two_round_trips_and_a_load_takes_one() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let (store, trips) = watched(&database).await;
    warm_up(&store).await;
    trips.take();
    let payment = stream(1);

    let three = keyed(&["1", "2", "3"], "key");
    store
        .append(&payment, Expected::NoStream, &three)
        .await
        .unwrap();
    assert_eq!(trips.take(), ["bind_append", APPEND]);

    let stale = store
        .append(&payment, Expected::NoStream, &batch(&["4"]))
        .await;
    stale.unwrap_err();
    assert_eq!(trips.take(), ["bind_append", APPEND], "a conflict");

    store
        .append(&payment, Expected::NoStream, &three)
        .await
        .unwrap();
    let repeated = ["bind_append", APPEND, "find_command"];
    assert_eq!(trips.take(), repeated, "a repetition");

    store
        .append(&payment, Expected::Any, &batch(&[]))
        .await
        .unwrap();
    assert_eq!(trips.take(), ["stream_head"], "an append without events");

    store.write_snapshot(&payment, &snapshot(2)).await.unwrap();
    assert_eq!(trips.take(), ["write_snapshot"]);

    let query = StreamQuery {
        snapshot: Some(Fingerprint(1)),
        command: Some(keyed(&[], "another").command.unwrap()),
        ..StreamQuery::new(payment.clone())
    };
    let read = store.read(&query).await.unwrap();
    assert!(matches!(read.snapshot, rehydrate::SnapshotRead::Found(_)));
    drop(read);
    assert_eq!(
        trips.take(),
        ["read_stream"],
        "command, snapshot and events"
    );

    try_read(&store, &stream("missing")).await.unwrap();
    assert_eq!(trips.take(), ["read_stream"]);

    store
        .read_log(&LogQuery::after(Position::ZERO))
        .await
        .unwrap();
    assert_eq!(trips.take(), ["read_log"]);

    store.watermark().await.unwrap();
    assert_eq!(trips.take(), ["watermark"]);

    store.list_streams("payment", None, 10).await.unwrap();
    assert_eq!(trips.take(), ["list_streams"]);
}

#[derive(Event, Serialize, Deserialize)]
enum CounterEvent {
    Counted { by: u64 },
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = String, event = CounterEvent, snapshot(every = 100))]
struct Counter {
    sum: u64,
}

impl ApplyCounterEvent for Counter {
    fn counted(&mut self, by: u64) {
        self.sum += by;
    }
}

#[tokio::test]
async fn a_command_reads_once_and_appends_and_one_that_creates_only_appends() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let (store, trips) = watched(&database).await;
    warm_up(&store).await;
    let counters: Repository<Counter> = Repository::new(store);
    let decide = |times: usize| {
        let events = move || (0..times).map(|_| CounterEvent::Counted { by: 1 });
        move |_: &Counter| Ok::<_, std::convert::Infallible>(events().collect::<Vec<_>>())
    };
    let id = "one".to_owned();
    trips.take();
    counters.create(&id, decide(1)).await.unwrap();
    assert_eq!(trips.take(), ["bind_append", APPEND], "a create");

    counters.execute(&id, decide(1)).await.unwrap();
    let executed = ["read_stream", "bind_append", APPEND];
    assert_eq!(trips.take(), executed, "an execute");

    let mut root = counters.load(&id).await.unwrap();
    assert_eq!(trips.take(), ["read_stream"], "a load");
    root.record(CounterEvent::Counted { by: 1 });
    counters.save(&mut root).await.unwrap();
    assert_eq!(trips.take(), ["bind_append", APPEND], "a save");

    counters.execute(&id, decide(100)).await.unwrap();
    let written = ["read_stream", "bind_append", APPEND, "write_snapshot"];
    assert_eq!(trips.take(), written, "an execute with a snapshot after it");

    let loaded = counters.load(&id).await.unwrap();
    assert_eq!((loaded.sum, loaded.replayed().events), (103, 0));
    assert_eq!(trips.take(), ["read_stream"], "a load from the snapshot");
}

#[tokio::test]
async fn a_transaction_takes_two_round_trips_an_append_and_three_of_its_own() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let (store, trips) = watched(&database).await;
    warm_up(&store).await;
    trips.take();
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(trips.take(), ["begin + mark_transaction"]);
    let one = batch(&["1"]);
    transaction
        .append(&stream(1), Expected::NoStream, &one)
        .await
        .unwrap();
    let append = APPEND
        .replace("begin", "set_savepoint + roll_back_to_savepoint")
        .replace(" + commit", "");
    assert_eq!(trips.take(), ["bind_append", &append]);
    transaction.commit().await.unwrap();
    // The last one tells the driver what it has not seen.
    assert_eq!(trips.take(), ["check_transaction + commit", "roll_back"]);
}

#[tokio::test]
async fn a_connection_is_set_up_once() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let (store, trips) = watched(&database).await;
    for _ in 0..3 {
        store.watermark().await.unwrap();
    }
    let asked = ["prepare watermark", "watermark", "watermark", "watermark"];
    assert_eq!(trips.take(), asked);
}
