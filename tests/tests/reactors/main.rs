//! What a reactor is told, how often, and by whom, on every store.

mod deliveries;
mod failures;
mod leading;
mod timers;

use std::future::{Future, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rehydrate::{
    Attempt, Checkpoint, CheckpointId, Condition, Delivery, DeliveryQuery, EventStore, Failure,
    ManualClock, Operations, Position, Reaction, Reactor, Recorded, Repository, Retries, Runner,
    Start,
};
use rehydrate_tests::account::{Account, AccountEvent};

const NAME: &str = "letters";

/// What the reactor was told.
#[derive(Clone, Debug)]
struct Call {
    account: u64,
    version: u64,
    key: String,
    number: u32,
    now: DateTime<Utc>,
}

type Answer = dyn Fn(Call) -> BoxFuture<'static, Result<Reaction, Failure>> + Send + Sync;

/// A reactor that remembers what it was told, and answers as the test wants it.
#[derive(Clone)]
struct Letters {
    calls: Arc<Mutex<Vec<Call>>>,
    answer: Arc<Mutex<Arc<Answer>>>,
}

impl Reactor for Letters {
    type Events = Account;
    const NAME: &'static str = NAME;
    const START: Start = Start::Beginning;
    const RETRIES: Retries = Retries {
        attempts: 3,
        first: Duration::from_secs(1),
        ..Retries::DEFAULT
    };

    async fn react(
        &self,
        event: &Recorded<'_, AccountEvent>,
        attempt: &Attempt,
    ) -> Result<Reaction, Failure> {
        let call = Call {
            account: event.id()?,
            version: event.version.get(),
            key: attempt.key().to_owned(),
            number: attempt.number(),
            now: attempt.now(),
        };
        self.calls.lock().unwrap().push(call.clone());
        let answer = Arc::clone(&self.answer.lock().unwrap());
        answer(call).await
    }
}

/// A store, its accounts, and a reactor to their events.
struct Stage {
    store: Arc<dyn EventStore>,
    accounts: Repository<Account>,
    clock: Arc<ManualClock>,
    letters: Letters,
}

impl Stage {
    fn new(store: Arc<dyn EventStore>) -> Self {
        Self {
            accounts: Repository::new(Arc::clone(&store)),
            store,
            clock: Arc::new(ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(1))),
            letters: Letters {
                calls: Arc::default(),
                answer: Arc::new(Mutex::new(answering(|_| ready(Ok(Reaction::Done))))),
            },
        }
    }

    fn runner(&self) -> Runner {
        Runner::new(Arc::clone(&self.store))
            .with_clock(Arc::clone(&self.clock))
            .with_poll(Duration::from_millis(5))
            .reactor(self.letters.clone())
    }

    /// Delivers what there is, with a runner that ends then.
    async fn drain(&self) {
        self.runner().drain().await.unwrap();
    }

    fn operations(&self) -> Operations {
        Operations::new(Arc::clone(&self.store)).with_clock(Arc::clone(&self.clock))
    }

    async fn deposit(&self, account: u64) -> Position {
        let done = self.accounts.execute(&account, |it| it.deposit(1)).await;
        done.unwrap().position()
    }

    /// From now on the reactor answers like this.
    fn answer(&self, answer: impl Fn(&Call) -> Result<Reaction, Failure> + Send + Sync + 'static) {
        self.answer_later(move |call| ready(answer(&call)));
    }

    fn answer_later<F>(&self, answer: impl Fn(Call) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Reaction, Failure>> + Send + 'static,
    {
        *self.letters.answer.lock().unwrap() = answering(answer);
    }

    fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    fn calls(&self) -> Vec<Call> {
        self.letters.calls.lock().unwrap().clone()
    }

    /// What the reactor was told since the last call, by account and version.
    fn told(&self) -> Vec<(u64, u64)> {
        let calls = std::mem::take(&mut *self.letters.calls.lock().unwrap());
        calls.iter().map(|it| (it.account, it.version)).collect()
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

    async fn condition(&self) -> Condition {
        self.checkpoint().await.condition
    }
}

fn answering<F>(answer: impl Fn(Call) -> F + Send + Sync + 'static) -> Arc<Answer>
where
    F: Future<Output = Result<Reaction, Failure>> + Send + 'static,
{
    Arc::new(move |call| answer(call).boxed())
}

fn id() -> CheckpointId {
    CheckpointId {
        consumer: NAME.to_owned(),
        build: 1,
        shard: 0,
    }
}

/// Waits for something that another task does.
async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "waited for: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn down() -> Result<Reaction, Failure> {
    Err(Failure::transient("the gateway is down"))
}
