//! Commands and loads on every store, beside the same by hand.
//!
//! `cargo bench -p rehydrate-tests --bench workloads` prints the median of each and their ratio. Each
//! single operation of one is followed by the same of the other, so that whatever the machine does
//! meanwhile, it does to both. By hand is one connection of sqlx's, kept, and a table of five columns
//! with an index; nobody else writes, so nothing is asked but whether the version is taken. SQLite
//! writes with `synchronous = NORMAL` for both, the servers make everything durable. Every state is
//! checked. `tests/peers/run` measures the same against other frameworks, in processes of their own.

#[path = "workloads/account.rs"]
mod account;
#[path = "workloads/by_hand.rs"]
mod by_hand;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rehydrate::{EventStore, Repository};
use rehydrate_sqlx::{SqliteOptions, SqliteStore, Synchronous};
use rehydrate_tests::stores::Place;
use tempfile::TempDir;

use self::account::{Account, AccountEvent, Refused, event};
use self::by_hand::ByHand;

/// The lengths of the accounts that get a command, with how many there are of each.
const COMMANDS: [(u64, u64); 3] = [(10, 60), (100, 40), (1_000, 20)];
const ROUNDS: u64 = 20;
const CREATED: u64 = 1_500;
const BATCHES: u64 = 12;
const LONG: u64 = 10_000;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "microseconds, medians; the ratio is how much of rehydrate's time the same takes by hand"
    );
    println!("| store | workload | by hand | rehydrate | ratio |");
    println!("|---|---|---|---|---|");
    let folder = TempDir::new().expect("a temporary folder can be made");
    let options = SqliteOptions::new(folder.path().join("events.db"));
    let options = options.synchronous(Synchronous::Normal);
    let store = SqliteStore::connect(options).await;
    let store = Arc::new(store.expect("a new database opens"));
    let file = folder.path().join("by_hand.db");
    measure("SQLite", store, ByHand::sqlite(&file).await).await;
    if let Some(place) = Place::on_postgres().await {
        let hand = ByHand::postgres(place.server_url(), place.name()).await;
        measure("PostgreSQL", place.open().await, hand).await;
    }
    if let Some(place) = Place::on_mysql().await {
        let store = place.open().await;
        measure("MariaDB", store, ByHand::mysql(place.url()).await).await;
    }
}

async fn measure(name: &str, store: Arc<dyn EventStore>, mut hand: ByHand) {
    let accounts: Repository<Account> = Repository::new(store).without_snapshots();
    let mut next = 0;

    let mut create = Pairs::default();
    for _ in 0..CREATED {
        next += 1;
        let by_hand = timed(hand.append(next, 0, &[event(0)])).await;
        let open = |_: &Account| Ok::<_, Refused>(event(0));
        let created = timed(async { accounts.create(&next, open).await.map(drop) }).await;
        create.add(by_hand, created);
    }
    create.print(name, "a new account of one event");

    for (length, count) in COMMANDS {
        let ids: Vec<u64> = (next + 1..=next + count).collect();
        next += count;
        for id in &ids {
            fill(&accounts, &mut hand, *id, length).await;
        }
        let mut commands = Pairs::default();
        for round in 0..ROUNDS {
            for id in &ids {
                let by_hand = timed(hand.deposit(*id, length + round)).await;
                let deposit = |account: &Account| account.deposit(length + round);
                let own = timed(async { accounts.execute(id, deposit).await.map(drop) }).await;
                commands.add(by_hand, own);
            }
        }
        for id in &ids {
            same(&accounts, &mut hand, *id, length + ROUNDS).await;
        }
        commands.print(name, &format!("a command on {length} events"));
    }

    let mut batches = Pairs::default();
    for _ in 0..BATCHES {
        next += 1;
        let events: Vec<AccountEvent> = (0..1_000).map(event).collect();
        let by_hand = timed(hand.append(next, 0, &events)).await;
        let mut root = accounts.new_root(&next).expect("a number is an id");
        let own = timed(async {
            for event in events {
                root.record(event);
            }
            accounts.save(&mut root).await.map(drop)
        });
        batches.add(by_hand, own.await);
        same(&accounts, &mut hand, next, 1_000).await;
    }
    batches.print(name, "a commit of 1,000 events");

    next += 1;
    fill(&accounts, &mut hand, next, LONG).await;
    let mut loads = Pairs::default();
    for _ in 0..BATCHES {
        let by_hand = timed(async { hand.load(next).await.map(drop) }).await;
        let own = timed(async { accounts.load(&next).await.map(drop) }).await;
        loads.add(by_hand, own);
    }
    same(&accounts, &mut hand, next, LONG).await;
    loads.print(name, "a load of 10,000 events");
}

async fn fill(accounts: &Repository<Account>, hand: &mut ByHand, id: u64, length: u64) {
    let mut root = accounts.new_root(&id).expect("a number is an id");
    let mut at = 0;
    while at < length {
        let part: Vec<AccountEvent> = (at..length.min(at + 1_000)).map(event).collect();
        hand.append(id, at, &part).await.expect("it is written");
        at += part.len() as u64;
        part.into_iter().for_each(|event| root.record(event));
    }
    accounts.save(&mut root).await.expect("it is saved");
}

/// Fails unless both have come to what the events say.
async fn same(accounts: &Repository<Account>, hand: &mut ByHand, id: u64, length: u64) {
    let mut expected = Account::default();
    (0..length).for_each(|number| expected.take(event(number)));
    let own = accounts.load(&id).await.expect("it is there");
    assert_eq!(*own, expected, "rehydrate, account {id}");
    let (by_hand, version) = hand.load(id).await.expect("it is there");
    assert_eq!((by_hand, version), (expected, length), "by hand, {id}");
}

async fn timed<E: std::fmt::Debug>(work: impl Future<Output = Result<(), E>>) -> Duration {
    let begun = Instant::now();
    work.await.expect("it is done");
    begun.elapsed()
}

/// The times of both.
#[derive(Default)]
struct Pairs {
    by_hand: Vec<Duration>,
    own: Vec<Duration>,
}

impl Pairs {
    fn add(&mut self, by_hand: Duration, own: Duration) {
        self.by_hand.push(by_hand);
        self.own.push(own);
    }

    fn print(mut self, store: &str, workload: &str) {
        let [by_hand, own] = [&mut self.by_hand, &mut self.own].map(|times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64() * 1e6
        });
        let ratio = by_hand / own;
        println!("| {store} | {workload} | {by_hand:.0} | {own:.0} | {ratio:.2} |");
    }
}
