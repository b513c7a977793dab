//! Whatever is stored, in whatever order: versions and positions are those of stored events, and
//! states are the fold of what they are today.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use rehydrate::{
    Aggregate, EventStore, InMemory, ManualClock, MemoryStore, Position, Repository, Snapshot,
    SnapshotCheck, UpcastCopy, Version,
};
use rehydrate_tests::read_models::rows_of;
use rehydrate_tests::stores::{mysql, postgres, sqlite_file};

use crate::domain::{Wallet, WalletEvent, opened, paid_in, spent};
use crate::models::{Balances, Journal, balances, runner};
use crate::{Stored, append, day, folded, id, of, wallets};

const NAMES: [&str; 3] = ["one", "three", "two"];

#[derive(Clone, Debug)]
enum Step {
    /// A program of the past stores something.
    Past(usize, Past),
    /// A command of today's.
    Execute(usize, Vec<i64>),
    /// A unit of work of today's.
    Save(usize, Vec<i64>),
    /// A command in a transaction, which commits or is lost in a crash.
    InTransaction(usize, i64, bool),
    /// A snapshot of a part of a stream, written by another program.
    Snapshot(usize, prop::sample::Index),
    /// The read model is brought up to date, in batches of this size.
    CatchUp(usize),
}

#[derive(Clone, Debug)]
enum Past {
    Created(String),
    CreatedAgain(i32),
    Euros(i32),
    Cents(i32),
    Spent(i32),
    Frozen(u32),
    Moved(Vec<i8>),
}

impl Past {
    fn stored(&self) -> ((&'static str, u32), String) {
        match self {
            Self::Created(owner) => (("created", 1), serde_json::json!({ "owner": owner })),
            Self::CreatedAgain(year) => (
                ("created", 2),
                serde_json::json!({ "owner": "x", "year": year }),
            ),
            Self::Euros(euros) => (("paid_in", 1), serde_json::json!({ "euros": euros })),
            Self::Cents(cents) => (("paid_in", 2), serde_json::json!({ "cents": cents })),
            Self::Spent(cents) => (
                ("spent", 2),
                serde_json::json!({ "amount": cents.to_string() }),
            ),
            Self::Frozen(version) => (("frozen", *version), serde_json::json!([version])),
            Self::Moved(parts) => (("moved", 1), serde_json::json!({ "parts": parts })),
        }
        .into_text()
    }

    /// By hand: what it is today, if it is stored there.
    fn today(&self, stream: &str, version: Version, position: Position) -> Vec<WalletEvent> {
        let seen = format!("wallet/{stream} {version} at {position} in 2016 by clerk 0");
        match self {
            Self::Created(owner) => vec![opened(owner, 2016)],
            Self::CreatedAgain(year) => vec![opened("x", *year)],
            Self::Euros(euros) => vec![paid_in(i64::from(*euros) * 100, &seen)],
            Self::Cents(cents) => vec![paid_in(i64::from(*cents), &seen)],
            Self::Spent(cents) => vec![spent(i64::from(*cents))],
            Self::Frozen(_) => Vec::new(),
            Self::Moved(parts) => {
                let parts = parts.iter().copied().map(i64::from);
                let event = |cents| match cents {
                    0.. => paid_in(cents, "moved"),
                    _ => spent(-cents),
                };
                parts.map(event).collect()
            }
        }
    }
}

trait IntoText {
    fn into_text(self) -> ((&'static str, u32), String);
}

impl IntoText for ((&'static str, u32), serde_json::Value) {
    fn into_text(self) -> ((&'static str, u32), String) {
        (self.0, self.1.to_string())
    }
}

fn past() -> impl Strategy<Value = Past> {
    prop_oneof![
        1 => "[a-z]{0,4}".prop_map(Past::Created),
        1 => any::<i32>().prop_map(Past::CreatedAgain),
        1 => any::<i32>().prop_map(Past::Euros),
        1 => any::<i32>().prop_map(Past::Cents),
        1 => any::<i32>().prop_map(Past::Spent),
        3 => any::<u32>().prop_map(|version| Past::Frozen(version % 1_000)),
        4 => prop::collection::vec(any::<i8>(), 0..4).prop_map(Past::Moved),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cents = || prop::collection::vec(-100..100_i64, 0..4);
    let stream = 0..NAMES.len();
    let step = prop_oneof![
        8 => (stream.clone(), past()).prop_map(|(stream, past)| Step::Past(stream, past)),
        2 => (stream.clone(), cents()).prop_map(|(stream, cents)| Step::Execute(stream, cents)),
        1 => (stream.clone(), cents()).prop_map(|(stream, cents)| Step::Save(stream, cents)),
        1 => (stream.clone(), -100..100_i64, any::<bool>())
            .prop_map(|(stream, cents, commits)| Step::InTransaction(stream, cents, commits)),
        2 => (stream, any::<prop::sample::Index>())
            .prop_map(|(stream, index)| Step::Snapshot(stream, index)),
        1 => (1..4_usize).prop_map(Step::CatchUp),
    ];
    prop::collection::vec(step, 1..24)
}

struct World {
    store: Arc<dyn EventStore>,
    wallets: Repository<Wallet>,
    all: Vec<Stored>,
}

impl World {
    fn note(&mut self, stream: &'static str, last: Version, events: &[WalletEvent], at: Position) {
        let first = last.get() + 1 - events.len() as u64;
        for (index, event) in (0..).zip(events) {
            self.all.push(Stored {
                stream,
                version: Version::new(first + index),
                // Only the last one's is known here.
                position: at,
                recorded_at: day(0),
                today: vec![event.clone()],
            });
        }
    }

    async fn take(&mut self, step: Step) {
        let today = |cents: &[i64]| -> Vec<WalletEvent> {
            cents.iter().map(|cents| paid_in(*cents, "new")).collect()
        };
        match step {
            Step::Past(stream, past) => {
                let stream = NAMES[stream];
                let (kind, payload) = past.stored();
                let (version, position) = append(&self.store, stream, kind, &payload, 0).await;
                self.all.push(Stored {
                    stream,
                    version,
                    position,
                    recorded_at: day(0),
                    today: past.today(stream, version, position),
                });
            }
            Step::Execute(stream, cents) => {
                let (stream, events) = (NAMES[stream], today(&cents));
                let decide = |_: &Wallet| Ok::<_, std::fmt::Error>(events.clone());
                let done = self.wallets.execute(&id(stream), decide).await.unwrap();
                self.note(stream, done.version(), &events, done.position());
                assert_eq!(*done, folded(of(&self.all, stream)));
            }
            Step::Save(stream, cents) => {
                let (stream, events) = (NAMES[stream], today(&cents));
                let mut root = self.wallets.load(&id(stream)).await.unwrap();
                events.iter().cloned().for_each(|event| root.record(event));
                self.wallets.save(&mut root).await.unwrap();
                self.note(stream, root.version(), &events, root.position());
            }
            Step::InTransaction(stream, cents, commits) => {
                let (stream, events) = (NAMES[stream], today(&[cents]));
                let mut tx = self.store.begin().await.unwrap();
                let decide = |_: &Wallet| Ok::<_, std::fmt::Error>(events.clone());
                let done = self.wallets.execute_in(&mut tx, &id(stream), decide).await;
                let done = done.unwrap();
                if commits {
                    tx.commit().await.unwrap();
                    self.note(stream, done.version(), &events, done.position());
                }
            }
            Step::Snapshot(stream, index) => self.snapshot(NAMES[stream], index).await,
            Step::CatchUp(batch) => {
                let runner = runner(&self.store).with_batch(batch);
                let runner = runner.projection(Balances::<1>::default());
                let reached = runner.catch_up().await.unwrap();
                assert_eq!(reached, self.store.watermark().await.unwrap());
                assert_eq!(rows_of::<Balances>(&self.store).await, balances(&self.all));
            }
        }
    }

    async fn snapshot(&self, stream: &str, index: prop::sample::Index) {
        let stored = of(&self.all, stream);
        if stored.is_empty() {
            return;
        }
        let last = index.index(stored.len());
        let past = self.wallets.clone().without_snapshots();
        let past = past.load_at(&id(stream), stored[last].version).await;
        let past = past.unwrap();
        let state = folded(stored[..=last].iter().copied());
        let snapshot = Snapshot {
            version: stored[last].version,
            position: past.position(),
            recorded_at: past.recorded_at().unwrap(),
            fingerprint: Wallet::SNAPSHOTS.fingerprint().unwrap(),
            state: serde_json::to_string(&state).unwrap(),
        };
        let written = self.store.write_snapshot(past.stream(), &snapshot).await;
        written.unwrap();
    }

    async fn check_roots(&self) {
        for stream in NAMES {
            let stored = of(&self.all, stream);
            let expected = folded(stored.iter().copied());
            let quick = self.wallets.load(&id(stream)).await.unwrap();
            let full = self.wallets.clone().without_snapshots();
            let full = full.load(&id(stream)).await.unwrap();
            assert_eq!((&*quick, &*full), (&expected, &expected));
            assert_eq!(quick.version().get(), stored.len() as u64);
            assert_eq!(full.version(), quick.version());
            let last = stored.last().map_or(Position::ZERO, |last| last.position);
            assert_eq!((quick.position(), full.position()), (last, last));
            let check = self.wallets.verify(&id(stream)).await.unwrap();
            assert!(
                !matches!(check, SnapshotCheck::Different { .. }),
                "{check:?}"
            );
        }
    }

    async fn check_past(&self) {
        for stream in NAMES {
            let stored = of(&self.all, stream);
            for (index, last) in stored.iter().enumerate() {
                let at = self
                    .wallets
                    .load_at(&id(stream), last.version)
                    .await
                    .unwrap();
                let expected = folded(stored[..=index].iter().copied());
                assert_eq!(*at, expected, "{stream} at {}", last.version);
                assert_eq!(at.version(), last.version);
            }
        }
    }

    async fn check_copies(&self) {
        let view = InMemory::new(Arc::clone(&self.store), Journal);
        view.refresh().await.unwrap();
        let mut counts = BTreeMap::<&str, usize>::new();
        for stored in &self.all {
            *counts.entry(stored.stream).or_default() += stored.today.len();
        }
        assert_eq!(view.rows().len(), counts.values().sum::<usize>());
        for copying in [UpcastCopy::new(), UpcastCopy::new().renumber()] {
            let target: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
            let copying = copying.aggregate::<Wallet>();
            let report = copying.run(&*self.store, &*target, |_| ()).await.unwrap();
            for (stream, count) in &counts {
                let here = self.wallets.load(&id(stream)).await.unwrap();
                let there = wallets(&target).load(&id(stream)).await.unwrap();
                assert_eq!(*there, *here);
                let version = if report.is_renumbered {
                    *count as u64
                } else {
                    here.version().get()
                };
                assert_eq!(there.version().get(), version);
            }
        }
    }
}

async fn law(store: Arc<dyn EventStore>, steps: Vec<Step>) {
    let mut world = World {
        wallets: wallets(&store).with_clock(ManualClock::at(day(0))),
        store,
        all: Vec::new(),
    };
    for step in steps {
        world.take(step).await;
        world.check_roots().await;
    }
    world.check_past().await;
    world.check_copies().await;
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_stored_event_is_today_never_moves_a_version_in_memory(steps in steps()) {
        runtime().block_on(law(Arc::new(MemoryStore::new()), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_stored_event_is_today_never_moves_a_version_on_sqlite(steps in steps()) {
        runtime().block_on(async {
            let (_folder, store) = sqlite_file().await;
            law(Arc::new(store), steps).await;
        });
    }
}

proptest! {
    // Each case has a schema or a database of its own to be made.
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_stored_event_is_today_never_moves_a_version_on_postgres(steps in steps()) {
        runtime().block_on(async {
            if let Some((_place, store)) = postgres().await {
                law(store, steps).await;
            }
        });
    }

    #[test]
    fn what_a_stored_event_is_today_never_moves_a_version_on_mariadb(steps in steps()) {
        runtime().block_on(async {
            if let Some((_place, store)) = mysql().await {
                law(store, steps).await;
            }
        });
    }
}
