//! Round trips, counted on the wire.

use futures_util::TryStreamExt as _;
use rehydrate::{
    Aggregate, Cache, Event, EventStore as _, Expected, LogQuery, Position, Repository, Staleness,
    StreamQuery,
};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};
use serde::{Deserialize, Serialize};

use crate::common::{Place, batch, batch_with_key, stream};
use crate::proxy::Proxy;

/// A store with one connection, by way of a proxy.
async fn open(place: &Place, proxy: &Proxy) -> PostgresStore {
    let options = PostgresOptions::new(proxy.connect_options())
        .schema(&place.schema)
        .max_connections(1)
        .wake_others(false);
    PostgresStore::connect(options).await.unwrap()
}

#[tokio::test]
async fn each_call_is_one_round_trip() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let store = open(&place, &proxy).await;
    let payment = stream(1);
    let many: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let query = StreamQuery {
        snapshot: Some(rehydrate::Fingerprint(1)),
        ..StreamQuery::new(payment.clone())
    };
    for round in ["first", "second"] {
        proxy.trips();
        let key = batch_with_key(&many, round);
        store.append(&payment, Expected::Any, &key).await.unwrap();
        let append = proxy.trips();
        store.append(&payment, Expected::Any, &key).await.unwrap();
        let repeated = proxy.trips();
        let stale = store
            .append(&payment, Expected::NoStream, &batch(&["1"]))
            .await;
        assert!(stale.is_err());
        let conflict = proxy.trips();
        for (id, content) in [(2, &["1"][..]), (3, &["1", "2"])] {
            let new = stream(10 * u32::from(round == "second") + id);
            let content = batch(content);
            let appended = store.append(&new, Expected::NoStream, &content);
            appended.await.unwrap();
        }
        let plain = proxy.trips();
        let events = store
            .read(&StreamQuery::new(payment.clone()))
            .await
            .unwrap();
        events.pages.try_collect::<Vec<_>>().await.unwrap();
        let events = proxy.trips();
        let pages = store.read(&query).await.unwrap().pages;
        pages.try_collect::<Vec<_>>().await.unwrap();
        let read = proxy.trips();
        store.read_log(&LogQuery::after(Position(0))).await.unwrap();
        let log = proxy.trips();
        store.watermark().await.unwrap();
        let watermark = proxy.trips();
        if round == "first" {
            // A statement is prepared once on each connection.
            assert_eq!(append, ["prepare append by function", "append by function"]);
            assert_eq!(read, ["prepare read", "read"]);
        } else {
            assert_eq!(append, ["append by function"]);
            assert_eq!(plain, ["append", "append"]);
            assert_eq!(events, ["read events"]);
            // The function says what the version is.
            assert_eq!(conflict, ["append", "append by function"]);
            assert_eq!(read, ["read"]);
            assert_eq!(log, ["read log"]);
            assert_eq!(watermark, ["watermark"]);
        }
        assert_eq!(repeated, ["append by function"]);
    }
}

#[derive(Event, Serialize, Deserialize)]
enum CounterEvent {
    Counted { by: u64 },
}

#[derive(Aggregate, Clone, Default, Serialize, Deserialize)]
#[aggregate(id = String, event = CounterEvent, snapshot(every = 100))]
struct Counter {
    sum: u64,
}

impl ApplyCounterEvent for Counter {
    fn counted(&mut self, by: u64) {
        self.sum += by;
    }
}

async fn count(counters: &Repository<Counter>) -> u64 {
    let decide = |_: &Counter| Ok::<_, std::convert::Infallible>(CounterEvent::Counted { by: 1 });
    counters
        .execute(&"one".to_owned(), decide)
        .await
        .unwrap()
        .sum
}

#[tokio::test]
async fn a_load_is_one_round_trip_and_an_execute_is_two() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let counters: Repository<Counter> = Repository::new(open(&place, &proxy).await);
    count(&counters).await;
    proxy.trips();
    assert_eq!(count(&counters).await, 2);
    assert_eq!(proxy.trips(), ["read", "append"]);
    assert_eq!(counters.load(&"one".to_owned()).await.unwrap().sum, 2);
    assert_eq!(proxy.trips(), ["read"]);
}

#[tokio::test]
async fn a_create_a_save_and_a_load_from_a_snapshot_are_one_round_trip_each() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let counters: Repository<Counter> = Repository::new(open(&place, &proxy).await);
    let decide = |times: usize| {
        let events = move || (0..times).map(|_| CounterEvent::Counted { by: 1 });
        move |_: &Counter| Ok::<_, std::convert::Infallible>(events().collect::<Vec<_>>())
    };
    // On the first of them every statement is prepared.
    for id in ["first", "second"].map(str::to_owned) {
        proxy.trips();
        counters.create(&id, decide(1)).await.unwrap();
        let created = proxy.trips();
        let mut root = counters.load(&id).await.unwrap();
        root.record(CounterEvent::Counted { by: 1 });
        proxy.trips();
        counters.save(&mut root).await.unwrap();
        let saved = proxy.trips();
        counters.execute(&id, decide(100)).await.unwrap();
        let with_snapshot = proxy.trips();
        let loaded = counters.load(&id).await.unwrap();
        assert_eq!((loaded.sum, loaded.replayed().events), (102, 0));
        if id == "second" {
            assert_eq!(proxy.trips(), ["read"]);
            assert_eq!(created, ["append"]);
            assert_eq!(saved, ["append"]);
            let written = ["read", "append", "write snapshot"];
            assert_eq!(with_snapshot, written);
        }
    }
}

#[tokio::test]
async fn an_execute_from_the_cache_is_one_round_trip() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let counters: Repository<Counter> = Repository::new(open(&place, &proxy).await);
    let cache = Cache::of(10).with_staleness(Staleness::AnyCached);
    let counters = counters.with_cache(cache);
    count(&counters).await;
    proxy.trips();
    assert_eq!(count(&counters).await, 2);
    assert_eq!(proxy.trips(), ["append"]);
}

#[tokio::test]
async fn a_transaction_takes_a_round_trip_for_each_call_and_one_for_each_end() {
    let Some(place) = Place::new().await else {
        return;
    };
    let proxy = Proxy::start().await;
    let store = open(&place, &proxy).await;
    for round in 0..2 {
        proxy.trips();
        let mut transaction = store.begin().await.unwrap();
        for id in [round * 2, round * 2 + 1] {
            transaction
                .append(&stream(id), Expected::NoStream, &batch(&["1"]))
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
    }
    let begin = include_str!("../../sql/postgres/begin.sql").trim();
    assert_eq!(
        proxy.trips(),
        [begin, "append or answer", "append or answer", "COMMIT"]
    );
}
