//! Appends by many callers at a time on PostgreSQL, beside the same by hand.
//!
//! `cargo bench -p rehydrate-tests --bench writers` prints events a second, medians of rounds that
//! take turns, for 1, 8, 16, 32 and 64 callers, each of which appends one event to a new account after
//! another; and the microseconds of an append at p50 and p99. Both have ten connections. By hand is
//! one INSERT into a table of five columns, on whichever connection is free. In the end every event is
//! counted. `REHYDRATE_BENCH_ROUNDS` (6) says how often.

#[path = "workloads/account.rs"]
mod account;
#[path = "workloads/by_hand.rs"]
#[expect(dead_code, reason = "the other databases and loads are for workloads")]
mod by_hand;
#[path = "writers/wide.rs"]
mod wide;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rehydrate::{EventStore, Repository};
use rehydrate_tests::stores::Place;
use tokio::sync::{Mutex, Semaphore};

use self::account::{Account, Refused, event};
use self::by_hand::ByHand;
use self::wide::Wide;

const CONNECTIONS: usize = 10;
const CALLERS: [usize; 5] = [1, 8, 16, 32, 64];
const TIME: Duration = Duration::from_millis(700);

/// By hand, with a pool.
struct Hands<T> {
    free: Mutex<Vec<T>>,
    permits: Semaphore,
}

#[derive(Clone)]
enum Who {
    Hand(Arc<Hands<ByHand>>),
    Wide(Arc<Hands<Wide>>),
    Own(Arc<Repository<Account>>),
}

impl<T> Hands<T> {
    async fn new(connect: impl AsyncFn() -> T) -> Arc<Self> {
        let mut free = Vec::new();
        for _ in 0..CONNECTIONS {
            free.push(connect().await);
        }
        Arc::new(Self {
            free: Mutex::new(free),
            permits: Semaphore::new(CONNECTIONS),
        })
    }

    /// Does something on whichever connection is free.
    async fn on_one(&self, run: impl AsyncFnOnce(&mut T)) {
        let _permit = self.permits.acquire().await.expect("it is open");
        let hand = self.free.lock().await.pop();
        let mut hand = hand.expect("there is one for each permit");
        run(&mut hand).await;
        self.free.lock().await.push(hand);
    }
}

#[derive(Default)]
struct Seen {
    rates: Vec<f64>,
    micros: Vec<u128>,
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Some(place) = Place::on_postgres().await else {
        return;
    };
    let rounds = std::env::var("REHYDRATE_BENCH_ROUNDS").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(6);
    let store = place.open().await;
    let (url, schema) = (place.server_url(), place.name());
    let hands = Who::Hand(Hands::new(async || ByHand::postgres(url, schema).await).await);
    let wide = Who::Wide(Hands::new(async || Wide::connect(url, schema).await).await);
    let accounts: Repository<Account> = Repository::new(Arc::clone(&store));
    let own = Who::Own(Arc::new(accounts.without_snapshots()));
    let next = Arc::new(AtomicU64::new(1));
    println!(
        "| callers | by hand, events/s | all columns | rehydrate | to by hand | to all columns | p50 and p99 by hand, us | rehydrate |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut appended = 0;
    for callers in CALLERS {
        let [mut theirs, mut as_wide, mut ours] = [(); 3].map(|()| Seen::default());
        for _ in 0..rounds {
            round(&hands, callers, &next, &mut theirs).await;
            round(&wide, callers, &next, &mut as_wide).await;
            appended += round(&own, callers, &next, &mut ours).await;
        }
        let [theirs, as_wide, ours] = [theirs, as_wide, ours].map(Seen::summed_up);
        println!(
            "| {callers} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {} and {} | {} and {} |",
            theirs.0,
            as_wide.0,
            ours.0,
            ours.0 / theirs.0,
            ours.0 / as_wide.0,
            theirs.1,
            theirs.2,
            ours.1,
            ours.2
        );
    }
    let census = store.census().await.expect("the events can be counted");
    let stored: u64 = census.iter().map(|entry| entry.events).sum();
    assert_eq!(stored, appended, "every event is there once");
}

/// How many events were appended.
async fn round(who: &Who, callers: usize, next: &Arc<AtomicU64>, seen: &mut Seen) -> u64 {
    let begun = Instant::now();
    let calling = (0..callers).map(|_| {
        let (who, next) = (who.clone(), Arc::clone(next));
        tokio::spawn(async move {
            let mut micros = Vec::new();
            while begun.elapsed() < TIME {
                let id = next.fetch_add(1, Ordering::Relaxed);
                let begun = Instant::now();
                append(&who, id).await;
                micros.push(begun.elapsed().as_micros());
            }
            micros
        })
    });
    let mut appended = 0;
    for micros in join_all(calling).await {
        let micros = micros.expect("nobody panics");
        appended += micros.len() as u64;
        seen.micros.extend(micros);
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    let count = appended as f64;
    seen.rates.push(count / begun.elapsed().as_secs_f64());
    appended
}

async fn append(who: &Who, id: u64) {
    match who {
        Who::Hand(hands) => {
            let append = async |hand: &mut ByHand| {
                let done = hand.append(id, 0, &[event(0)]).await;
                done.expect("it is appended");
            };
            hands.on_one(append).await;
        }
        Who::Wide(hands) => {
            let append = async |hand: &mut Wide| hand.append(id, &event(0)).await;
            hands.on_one(append).await;
        }
        Who::Own(accounts) => {
            let open = |_: &Account| Ok::<_, Refused>(event(0));
            let created = accounts.create(&id, open).await;
            created.expect("it is appended");
        }
    }
}

impl Seen {
    /// The median of the rates, p50 and p99.
    fn summed_up(mut self) -> (f64, u128, u128) {
        self.rates.sort_by(f64::total_cmp);
        self.micros.sort_unstable();
        let of = |part: usize| self.micros[self.micros.len() * part / 100];
        (self.rates[self.rates.len() / 2], of(50), of(99))
    }
}
