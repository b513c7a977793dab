//! What clients see when the store cannot do what it should.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use payment_service::fine::{Fine, FineId, Issued};
use payment_service::http;
use payment_service::money::Cents;
use rehydrate::{
    Batch, Clock, EventStore, Expected, MemoryStore, NewEvent, RecordedTime, Repository, Retry,
    SchemaVersion, StoreError, StreamId,
};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};
use rehydrate_tests::watched::Watched;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::task::block_in_place;

use crate::program::{Client, Place, Reply};

const PAYMENT: &str = r#"{"cents":500}"#;

/// Serves fines, of which A1 is one, as this repository changes them.
fn serve(runtime: &Runtime, store: impl EventStore, fines: Repository<Fine>) -> Client {
    let issued = Issued {
        amount: Cents(2100),
        ..Issued::default()
    };
    runtime
        .block_on(
            Repository::<Fine>::new(store)
                .execute(&FineId("A1".to_owned()), |fine| fine.issue(issued.clone())),
        )
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let client = Client::new(format!("http://{}", listener.local_addr().unwrap()));
    runtime.spawn(http::serve(fines, listener));
    client
}

async fn append(store: &dyn EventStore, event_type: &str, schema_version: u32) {
    let event = NewEvent::new(event_type, SchemaVersion(schema_version), r#"{"cents":1}"#);
    let batch = Batch::new(vec![event], RecordedTime::Clock(DateTime::UNIX_EPOCH));
    let stream = StreamId::new("fine", "A1").unwrap();
    store.append(&stream, Expected::Any, &batch).await.unwrap();
}

#[track_caller]
fn assert_problem(reply: &Reply, status: u16, name: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(
        reply.body["type"],
        format!("urn:payment-service:problem:{name}")
    );
}

/// Somebody who pays whenever the time is asked for: between each load and its append.
#[derive(Debug)]
struct Rival(MemoryStore);

impl Clock for Rival {
    fn now(&self) -> DateTime<Utc> {
        block_in_place(|| Handle::current().block_on(append(&self.0, "payment_received", 2)));
        DateTime::UNIX_EPOCH
    }
}

#[test]
fn a_conflict_that_does_not_end_is_409() {
    let runtime = Runtime::new().unwrap();
    let store = MemoryStore::new();
    let retry = Retry {
        attempts: 3,
        ..Retry::default()
    };
    let fines = Repository::new(store.clone())
        .with_clock(Rival(store.clone()))
        .with_retry(retry);
    let client = serve(&runtime, store, fines);
    assert_problem(&client.pay("A1", "k1", PAYMENT), 409, "conflict");
    let fine = client.get("/fines/A1", &[]).body;
    assert_eq!(
        fine["payments"], 3,
        "one rival payment an attempt, and none of ours"
    );
}

#[test]
fn a_store_that_is_busy_is_503_and_says_when_to_come_back() {
    let runtime = Runtime::new().unwrap();
    let place = Place::new();
    let path = place.file("busy.db", "");
    let impatient = SqliteOptions::new(&path).busy_timeout(Duration::ZERO);
    let store = Arc::new(runtime.block_on(SqliteStore::connect(impatient)).unwrap());
    let client = serve(&runtime, store.clone(), Repository::new(store));

    let other = runtime.block_on(SqliteStore::open(&path)).unwrap();
    let transaction = runtime.block_on(other.begin()).unwrap();
    let refused = client.pay("A1", "k1", PAYMENT);
    assert_problem(&refused, 503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    drop(transaction);
    drop(other);
    drop(runtime);
}

#[test]
fn a_commit_of_which_nobody_knows_is_503_and_the_same_key_makes_it_safe_to_ask_again() {
    let runtime = Runtime::new().unwrap();
    let store = Watched::new(Arc::new(MemoryStore::new()));
    let client = serve(&runtime, store.clone(), Repository::new(store.clone()));
    store.fail_an_append(StoreError::OutcomeUnknown {
        source: "the connection is gone".into(),
    });
    let unknown = client.pay("A1", "k1", PAYMENT);
    assert_problem(&unknown, 503, "unavailable");
    assert_eq!(unknown.header("retry-after"), Some("1"));
    for _ in 0..2 {
        assert_eq!(client.pay("A1", "k1", PAYMENT).status, 200);
    }
    assert_eq!(client.get("/fines/A1", &[]).body["payments"], 1);
}

#[test]
fn a_store_that_is_read_only_answers_questions_and_takes_no_payment() {
    let place = Place::new();
    place.run(&[]);
    let server = place.serve_with(&["--store", "sqlite://payments.db?mode=ro"]);
    let client = &server.client;
    assert_eq!(client.get("/fines/SAMPLE-3", &[]).status, 200);
    let refused = client.pay("SAMPLE-4", "k1", PAYMENT);
    assert_problem(&refused, 503, "unavailable");
    assert!(!refused.body.to_string().contains("payments.db"));
}

#[test]
fn anything_else_is_500_and_leaks_nothing() {
    let runtime = Runtime::new().unwrap();
    let store = MemoryStore::new();
    let client = serve(&runtime, store.clone(), Repository::new(store.clone()));
    runtime.block_on(append(&store, "written_by_a_newer_release", 1));
    for reply in [
        client.get("/fines/A1", &[]),
        client.get("/fines/A1/history", &[]),
        client.pay("A1", "k1", PAYMENT),
    ] {
        assert_problem(&reply, 500, "internal");
        assert!(!reply.body.to_string().contains("newer"), "{reply:?}");
        assert!(reply.header("x-request-id").is_some());
    }
}
