//! Events out and back: the real file through each broker, beside the best loop of its own client
//! over the same messages.
//!
//! `cargo bench -p payment-service --features bench-brokers --bench brokers` prints the medians of
//! interleaved rounds, in events a second. `REHYDRATE_BENCH_ROUNDS` (5) says how many, and
//! `REHYDRATE_FINES` where the file is.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and stops where something goes wrong"
)]

mod kafka;
mod kinesis;
mod nats;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use payment_service::fine::Fine;
use payment_service::import::{self, Rejected, Watch};
use payment_service::read_models::Balances;
use rehydrate::{
    Begin, EventStore, Feed, Message, PublishError, Publisher, Relay, Repository, Runner, Source,
    Start, Until,
};

/// What the payments of the file come to.
const CENTS: i64 = 10_372_665;
/// How many messages a relay hands over at once.
const BATCH: usize = 500;

/// A broker, its adapter, and what its client can do without one.
#[async_trait]
trait Broker: Send + Sync {
    /// What it is, with its version.
    fn name(&self) -> String;

    /// A topic that nobody has used.
    fn topic(&self, name: &str) -> String;

    /// The adapter.
    async fn publisher(&self) -> Arc<dyn Publisher>;

    /// The adapter's source of a topic.
    async fn source(&self, topic: &str) -> Arc<dyn Source>;

    /// Sends everything with the client alone, as fast as it goes, and waits until the broker has
    /// confirmed all of it. No order is kept if something fails.
    async fn send(&self, topic: &str, messages: &[Message]);

    /// Receives so many messages with the client alone, and gives their bytes of data.
    async fn receive(&self, topic: &str, count: usize) -> usize;
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/fines.csv");
    let given = std::env::var_os("REHYDRATE_FINES");
    let file = given.map_or_else(usual, PathBuf::from);
    let Ok(file) = File::open(&file) else {
        println!("there is no {} (REHYDRATE_FINES)", file.display());
        return;
    };
    let given = std::env::var("REHYDRATE_BENCH_ROUNDS").ok();
    let rounds: usize = given.and_then(|text| text.parse().ok()).unwrap_or(5);
    let store: Arc<dyn EventStore> = Arc::new(
        rehydrate_sqlx::SqliteStore::in_memory()
            .await
            .expect("there is a store"),
    );
    let fines = Repository::<Fine>::new(Arc::clone(&store));
    let imported = import::import(&fines, BufReader::new(file), &mut Unwatched).await;
    imported.expect("the file is imported");

    let brokers: Vec<Option<Box<dyn Broker>>> = vec![
        nats::start().await,
        kafka::tansu().await,
        kafka::old().await,
        kinesis::start().await,
    ];
    println!("17,203 events of 4,931 fines, medians of {rounds} rounds, events/s");
    println!(
        "| broker | sent: client | adapter | ratio | relay, from the log | read: client | into a read model | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let messages = collect(&store).await;
    for broker in brokers.into_iter().flatten() {
        measure(&*broker, &store, &messages, rounds).await;
    }
}

async fn measure(
    broker: &dyn Broker,
    store: &Arc<dyn EventStore>,
    messages: &[Message],
    rounds: usize,
) {
    let publisher = broker.publisher().await;
    // A topic is made with its first message, and a client connects with its first one.
    let prepared = async |name: String| {
        let topic = broker.topic(&name);
        let mut first = to(&messages[..1], &topic);
        // It comes again with the others, and a broker may leave out what it has.
        first[0].event.id = uuid::Uuid::new_v4().to_string();
        publish(&*publisher, &first).await;
        topic
    };
    let warm = prepared("warm".to_owned()).await;
    broker.send(&warm, &to(&messages[..1], &warm)).await;
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut note = |what, begun: Instant| times.entry(what).or_default().push(begun.elapsed());
    for round in 0..rounds {
        let topic = prepared(format!("client-{round}")).await;
        let batch = to(messages, &topic);
        let begun = Instant::now();
        broker.send(&topic, &batch).await;
        note("client sends", begun);
        let begun = Instant::now();
        let bytes = broker.receive(&topic, batch.len() + 1).await;
        note("client reads", begun);
        assert!(bytes > batch.len());

        let topic = prepared(format!("adapter-{round}")).await;
        let batch = to(messages, &topic);
        let begun = Instant::now();
        publish(&*publisher, &batch).await;
        note("adapter sends", begun);
        let source = broker.source(&topic).await;
        let begun = Instant::now();
        fold(&*source).await;
        note("adapter reads", begun);

        let topic = prepared(format!("relay-{round}")).await;
        let relay = relay(round, broker, Arc::clone(&publisher), topic.clone());
        let begun = Instant::now();
        let drained = Runner::new(Arc::clone(store)).relay(relay).drain().await;
        drained.expect("everything is published");
        note("relay", begun);
        fold(&*broker.source(&topic).await).await;
    }
    let rate = |what: &str| {
        let mut taken = times[what].clone();
        taken.sort();
        let count = u32::try_from(messages.len()).map_or(0.0, f64::from);
        count / taken[taken.len() / 2].as_secs_f64()
    };
    println!(
        "| {} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} | {:.2} |",
        broker.name(),
        rate("client sends"),
        rate("adapter sends"),
        rate("adapter sends") / rate("client sends"),
        rate("relay"),
        rate("client reads"),
        rate("adapter reads"),
        rate("adapter reads") / rate("client reads"),
    );
}

/// A relay of a name that has not published anything yet.
fn relay(round: usize, broker: &dyn Broker, publisher: Arc<dyn Publisher>, topic: String) -> Relay {
    let name: &'static str = Box::leak(format!("{}-{round}", broker.name()).into_boxed_str());
    Relay::new(name, Start::Beginning, publisher)
        .source("/payment-service")
        .aggregate::<Fine>()
        .route(move |event| Some(event.message(topic.as_str())))
}

async fn publish(publisher: &dyn Publisher, messages: &[Message]) {
    for some in messages.chunks(BATCH) {
        for outcome in publisher.publish(some).await {
            outcome.expect("it is confirmed");
        }
    }
}

/// Reads a topic into balances, which have to come to what the file says.
async fn fold(source: &dyn Source) {
    let window = Feed::fold(source, Balances, Begin::Beginning, Until::End).await;
    let window = window.expect("the source can be read");
    let cents: i64 = window.rows().iter().map(|row| row.paid_cents.0).sum();
    assert_eq!((window.events(), cents), (17_203, CENTS));
}

/// The messages of the whole log.
async fn collect(store: &Arc<dyn EventStore>) -> Vec<Message> {
    let collected = Collector::default();
    let copy = Relay::new("collector", Start::Beginning, collected.clone())
        .source("/payment-service")
        .aggregate::<Fine>();
    let runner = Runner::new(Arc::clone(store)).relay(copy);
    runner.drain().await.expect("the log can be read");
    let messages = collected.messages.lock();
    let messages = messages.unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(messages.len(), 17_203);
    messages
}

fn to(messages: &[Message], topic: &str) -> Vec<Message> {
    let messages = messages.iter();
    messages
        .map(|message| Message::new(topic, message.key.as_str(), message.event.clone()))
        .collect()
}

#[derive(Clone, Debug, Default)]
struct Collector {
    messages: Arc<Mutex<Vec<Message>>>,
}

#[async_trait]
impl Publisher for Collector {
    fn destination(&self) -> String {
        "the bench".to_owned()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.extend_from_slice(batch);
        batch.iter().map(|_| Ok(())).collect()
    }
}

struct Unwatched;

impl Watch for Unwatched {
    fn read(&mut self, _: u64) {}

    fn rejected(&mut self, _: &Rejected) {}
}
