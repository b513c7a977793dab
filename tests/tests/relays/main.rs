//! What a relay sends to a broker, in which order, and what becomes of what is not taken.

mod destinations;
mod failures;
mod killed;
mod leading;
mod rewinding;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::{
    BuildStatus, Checkpoint, Clock, CloudEvent, ConsumerKind, Delivery, DeliveryQuery, EventStore,
    ManualClock, MemoryBroker, Operations, Position, Relay, Repository, Retries, Runner, Start,
};
use rehydrate_tests::account::Account;
use rehydrate_tests::stores::on_every_store;

const NAME: &str = "accounts-out";
const TOPIC: &str = "account";

/// A store, its accounts, and a broker to which they are published.
struct Stage {
    store: Arc<dyn EventStore>,
    accounts: Repository<Account>,
    broker: MemoryBroker,
    clock: Arc<ManualClock>,
}

impl Stage {
    fn new(store: Arc<dyn EventStore>) -> Self {
        Self {
            accounts: Repository::new(Arc::clone(&store)),
            store,
            broker: MemoryBroker::new(),
            clock: Arc::new(ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(1))),
        }
    }

    fn relay(&self) -> Relay {
        Relay::new(NAME, Start::Beginning, self.broker.clone())
            .aggregate::<Account>()
            .retries(Retries {
                attempts: 3,
                first: Duration::from_secs(1),
                ..Retries::DEFAULT
            })
    }

    fn runner(&self) -> Runner {
        self.running(self.relay())
    }

    fn running(&self, relay: Relay) -> Runner {
        Runner::new(Arc::clone(&self.store))
            .with_clock(Arc::clone(&self.clock))
            .with_poll(Duration::from_millis(5))
            .relay(relay)
    }

    async fn relay_status(&self) -> BuildStatus {
        let all = self.operations().status().await.unwrap();
        assert_eq!((all.len(), all[0].kind), (1, ConsumerKind::Relay));
        all.into_iter().next().unwrap().builds.remove(0)
    }

    async fn drain(&self) {
        self.runner().drain().await.unwrap();
    }

    async fn deposit(&self, account: u64) -> Position {
        let done = self.accounts.execute(&account, |it| it.deposit(1)).await;
        done.unwrap().position()
    }

    async fn deposits(&self, accounts: impl IntoIterator<Item = u64>) {
        for account in accounts {
            self.deposit(account).await;
        }
    }

    fn operations(&self) -> Operations {
        Operations::new(Arc::clone(&self.store)).with_clock(Arc::clone(&self.clock))
    }

    fn clock_now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// What has arrived, by account and version, in the order of arrival.
    fn arrived(&self) -> Vec<(u64, u64)> {
        let events = self.broker.events(TOPIC);
        events.iter().map(place_of).collect()
    }

    async fn checkpoint(&self) -> Checkpoint {
        let consumers = self.store.consumers().unwrap();
        let mut all = consumers.checkpoints(Some(NAME)).await.unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let query = DeliveryQuery {
            consumer: Some(NAME.to_owned()),
            ..DeliveryQuery::default()
        };
        let consumers = self.store.consumers().unwrap();
        consumers.deliveries(&query).await.unwrap()
    }

    /// The only dead letter.
    async fn letter(&self) -> Delivery {
        let letters = self.operations().dead_letters(Some(NAME)).await.unwrap();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.into_iter().next().unwrap()
    }
}

fn place_of(event: &CloudEvent) -> (u64, u64) {
    (event.stream_id.parse().unwrap(), event.version.get())
}

fn key(account: u64) -> String {
    format!("account/{account}")
}

/// The versions of each account in the order of arrival.
fn by_account(arrived: &[(u64, u64)]) -> BTreeMap<u64, Vec<u64>> {
    let mut by_account: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (account, version) in arrived {
        by_account.entry(*account).or_default().push(*version);
    }
    by_account
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
async fn every_event_arrives_once_and_those_of_a_stream_in_order() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits((0..60).map(|number| number % 7)).await;
        for at_once in [1, 4, 500] {
            let runner = stage.running(stage.relay().at_once(at_once));
            runner.drain().await.unwrap();
            stage.deposits([1, 2, 1]).await;
        }
        stage.drain().await;
        let arrived = stage.arrived();
        assert_eq!(arrived.len(), 69);
        for (account, versions) in by_account(&arrived) {
            let expected: Vec<u64> = (1..=versions.len() as u64).collect();
            assert_eq!(versions, expected, "of account {account}");
        }
        let keys = stage.broker.keys(TOPIC);
        let own: Vec<String> = arrived.iter().map(|(account, _)| key(*account)).collect();
        assert_eq!(keys, own, "the key is the stream");
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_starts_now_sends_what_comes_later() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        let relay = Relay::new(NAME, Start::Now, stage.broker.clone()).aggregate::<Account>();
        let runner = stage.running(relay);
        runner.drain().await.unwrap();
        stage.deposits([1, 2]).await;
        runner.drain().await.unwrap();
        assert_eq!(stage.arrived(), [(1, 2), (2, 2)]);
    })
    .await;
}
