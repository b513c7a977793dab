//! Read models that are kept from a broker, on every store: as if they came from the log.

mod duplicates;
mod failures;
mod rebuilding;
mod refusing;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use rehydrate::{
    BuildStatus, EventStore, Feed, InMemory, MemoryBroker, MemoryStore, MemoryTopic, Message,
    Operations, Projection, Publisher, Relay, Repository, Runner, Start,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{Flows, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

const TOPIC: &str = "account";

/// A service that has a log of accounts and publishes it, and a broker.
struct Service {
    log: Arc<dyn EventStore>,
    broker: MemoryBroker,
}

impl Service {
    fn new() -> Self {
        Self {
            log: Arc::new(MemoryStore::new()),
            broker: MemoryBroker::new(),
        }
    }

    /// A service with something in its topic.
    async fn with_history() -> Self {
        let service = Self::new();
        service.happens(history()).await;
        service
    }

    /// Appends events to the log, and publishes them.
    async fn happens(&self, events: impl IntoIterator<Item = (u64, AccountEvent)>) {
        happen(&Repository::new(Arc::clone(&self.log)), events).await;
        self.publish("relay").await;
    }

    /// Publishes what a relay of this name has not published yet.
    async fn publish(&self, relay: &'static str) {
        let relay = Relay::new(relay, Start::Beginning, self.broker.clone())
            .source("https://accounts.example")
            .aggregate::<Account>();
        let runner = Runner::new(Arc::clone(&self.log)).relay(relay);
        runner.drain().await.unwrap();
    }

    /// Sends what is in the topic once more.
    async fn publish_again(&self, messages: impl Fn(usize) -> bool) {
        let events = self.broker.events(TOPIC).into_iter().enumerate();
        for (_, event) in events.filter(|(number, _)| messages(*number)) {
            let key = format!("{}/{}", event.category, event.stream_id);
            let sent = self
                .broker
                .publish(&[Message::new(TOPIC, key, event)])
                .await;
            assert!(sent.into_iter().all(|sent| sent.is_ok()));
        }
    }

    fn topic(&self) -> MemoryTopic {
        self.broker.topic(TOPIC)
    }

    fn feed<P: Projection>(&self, store: &Arc<dyn EventStore>, projection: P) -> Feed {
        Feed::new(Arc::clone(store), self.topic(), projection).with_poll(Duration::from_millis(5))
    }

    /// The rows as the log makes them.
    async fn rows_of_the_log<P: Projection>(&self, projection: P) -> Vec<P::Row> {
        let view = InMemory::new(Arc::clone(&self.log), projection);
        view.refresh().await.unwrap();
        assert!(view.parked().is_empty());
        view.rows()
    }

    /// Whether a read model is what the log makes of it.
    async fn check<P: Projection + Default>(&self, store: &Arc<dyn EventStore>)
    where
        P::Row: PartialEq + std::fmt::Debug,
    {
        let expected = self.rows_of_the_log(P::default()).await;
        assert_eq!(rows_of::<P>(store).await, expected);
    }
}

fn opened(owner: &str) -> AccountEvent {
    AccountEvent::Opened {
        owner: owner.to_owned(),
    }
}

fn deposited(cents: u64) -> AccountEvent {
    AccountEvent::Deposited { cents }
}

fn withdrawn(cents: u64) -> AccountEvent {
    AccountEvent::Withdrawn { cents }
}

/// Forty events of five accounts.
fn history() -> Vec<(u64, AccountEvent)> {
    let mut events = Vec::new();
    for account in 1..=5 {
        events.push((account, opened(&format!("owner {account}"))));
    }
    for round in 1..=7 {
        for account in 1..=5 {
            events.push(match (round + account) % 3 {
                0 if round > 1 => (account, withdrawn(account)),
                _ => (account, deposited(100 * round + account)),
            });
        }
    }
    events
}

async fn status(store: &Arc<dyn EventStore>, name: &str) -> BuildStatus {
    let all = Operations::new(Arc::clone(store)).status().await.unwrap();
    let found = all.into_iter().find(|found| found.name == name);
    found.unwrap().builds.remove(0)
}

/// Waits for something that another task does.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "waited for: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_read_model_from_the_broker_is_that_of_the_log() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feed = service.feed(&store, <Wealths>::default());
        let fed = feed.run_to_end().await.unwrap();
        assert_eq!((fed.events, fed.duplicates, fed.foreign), (40, 0, 0));
        assert_eq!(fed.position.get(), 40);
        service.check::<Wealths>(&store).await;
        for batch in [1, 3, 1_000] {
            service
                .happens([(1, deposited(7)), (9, deposited(8))])
                .await;
            let flows = service.feed(&store, Flows).batch(batch);
            flows.run_to_end().await.unwrap();
            service.check::<Flows>(&store).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_feed_at_work_takes_what_is_published_later() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feed = service.feed(&store, Flows);
        let feeding = feed.start().await.unwrap();
        until("the history is taken", || async {
            status(&store, "flows").await.position.get() == 40
        })
        .await;
        for round in 0..5 {
            service
                .happens([(round, deposited(1)), (2, withdrawn(1))])
                .await;
        }
        until("what came later is taken", || async {
            status(&store, "flows").await.position.get() == 50
        })
        .await;
        feeding.stop().await;
        service.check::<Flows>(&store).await;
        service.happens([(3, deposited(5))]).await;
        assert_eq!(status(&store, "flows").await.position.get(), 50);
        let fed = feed.run_to_end().await.unwrap();
        assert_eq!(
            (fed.events, fed.duplicates),
            (1, 0),
            "it goes on where it was"
        );
        service.check::<Flows>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn correlation_causation_and_place_of_an_event_arrive() {
    use rehydrate::CommandContext;
    on_every_store(|store| async move {
        let service = Service::new();
        let accounts: Repository<Account> = Repository::new(Arc::clone(&service.log));
        let context = CommandContext::new().correlation_id("order 7");
        let done = accounts
            .execute_with(&1, context, |account| account.deposit(5))
            .await;
        let position = done.unwrap().position();
        service.publish("relay").await;
        let fed = service.feed(&store, windows::Seen).run_to_end().await;
        fed.unwrap();
        let rows = rows_of::<windows::Seen>(&store).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].correlation.as_deref(), Some("order 7"));
        assert_eq!(rows[0].position, position.get());
        let stored = service.rows_of_the_log(windows::Seen).await;
        assert_eq!(rows, stored);
    })
    .await;
}
