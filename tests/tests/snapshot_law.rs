//! `load(snapshot + tail) == load(full)`, for random histories, snapshot points and commit sizes.

use std::sync::Arc;

use proptest::prelude::*;
use rehydrate::{
    Aggregate, Event, EventStore, Fingerprint, MemoryStore, Repository, Snapshot, SnapshotCheck,
    SnapshotPolicy, Version,
};
use rehydrate_tests::stores::{sqlite_file, sqlite_in_memory};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("forgotten"))]
enum TallyEvent {
    Added { number: i64 },
    Multiplied { by: i64 },
    Noted { text: String },
}

/// Depends on every event, on their order and on their number, so that one too many shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tally<const EVERY: u64> {
    value: i64,
    notes: Vec<String>,
    applied: u64,
}

impl<const EVERY: u64> Aggregate for Tally<EVERY> {
    type Id = u64;
    type Event = TallyEvent;
    const CATEGORY: &'static str = "tally";
    const SNAPSHOTS: SnapshotPolicy<Self> =
        SnapshotPolicy::every(EVERY, Fingerprint::of("tally of value, notes, applied"));

    fn apply(&mut self, event: TallyEvent) {
        self.applied += 1;
        match event {
            TallyEvent::Added { number } => self.value = self.value.wrapping_add(number),
            TallyEvent::Multiplied { by } => self.value = self.value.wrapping_mul(by),
            TallyEvent::Noted { text } => self.notes.push(text),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A command that decides on these events.
    Execute(Vec<TallyEvent>),
    /// A unit of work that records them.
    Save(Vec<TallyEvent>),
    /// A command in a transaction, which then commits or not.
    InTransaction(Vec<TallyEvent>, bool),
    /// A snapshot of this part of the history, written by another program.
    Snapshot(prop::sample::Index),
}

fn event() -> impl Strategy<Value = TallyEvent> {
    prop_oneof![
        any::<i64>().prop_map(|number| TallyEvent::Added { number }),
        any::<i64>().prop_map(|by| TallyEvent::Multiplied { by }),
        ".{0,6}".prop_map(|text| TallyEvent::Noted { text }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let events = || prop::collection::vec(event(), 0..8);
    let step = prop_oneof![
        4 => events().prop_map(Step::Execute),
        2 => events().prop_map(Step::Save),
        2 => (events(), any::<bool>()).prop_map(|(events, commit)| Step::InTransaction(events, commit)),
        2 => any::<prop::sample::Index>().prop_map(Step::Snapshot),
    ];
    prop::collection::vec(step, 1..16)
}

fn fold<const EVERY: u64>(events: &[TallyEvent]) -> Tally<EVERY> {
    let mut state = Tally::default();
    events.iter().cloned().for_each(|event| state.apply(event));
    state
}

async fn take<const EVERY: u64>(
    tallies: &Repository<Tally<EVERY>>,
    step: Step,
    history: &mut Vec<TallyEvent>,
) {
    let decide = |events: &[TallyEvent]| {
        let events = events.to_vec();
        move |_: &Tally<EVERY>| Ok::<_, std::convert::Infallible>(events.clone())
    };
    match step {
        Step::Execute(events) => {
            let committed = tallies.execute(&1, decide(&events)).await.unwrap();
            history.extend(events);
            assert_eq!(*committed, fold(history));
        }
        Step::Save(events) => {
            let mut root = tallies.load(&1).await.unwrap();
            events.iter().cloned().for_each(|event| root.record(event));
            history.extend(events);
            assert_eq!(*root, fold(history));
            tallies.save(&mut root).await.unwrap();
        }
        Step::InTransaction(events, commit) => {
            let mut tx = tallies.store().begin().await.unwrap();
            tallies
                .execute_in(&mut tx, &1, decide(&events))
                .await
                .unwrap();
            if commit {
                tx.commit().await.unwrap();
                history.extend(events);
            }
        }
        Step::Snapshot(index) => {
            if history.is_empty() {
                return;
            }
            let length = index.index(history.len()) + 1;
            let version = Version(length as u64);
            let past = tallies.load_at(&1, version).await.unwrap();
            let snapshot = Snapshot {
                version,
                position: past.position(),
                recorded_at: past.recorded_at().unwrap(),
                fingerprint: Tally::<EVERY>::SNAPSHOTS.fingerprint().unwrap(),
                state: serde_json::to_string(&fold::<EVERY>(&history[..length])).unwrap(),
            };
            let store = tallies.store();
            store
                .write_snapshot(past.stream(), &snapshot)
                .await
                .unwrap();
        }
    }
}

async fn law<const EVERY: u64>(store: Arc<dyn EventStore>, steps: Vec<Step>) {
    let tallies: Repository<Tally<EVERY>> = Repository::new(store);
    let mut history = Vec::new();
    for step in steps {
        take(&tallies, step, &mut history).await;
        let quick = tallies.load(&1).await.unwrap();
        let full = tallies.clone().without_snapshots().load(&1).await.unwrap();
        let expected = fold(&history);
        assert_eq!(*quick, expected, "snapshot and tail");
        assert_eq!(*full, expected, "all events");
        assert_eq!(quick.version(), Version(history.len() as u64));
        assert_eq!(
            (quick.version(), quick.position()),
            (full.version(), full.position())
        );
        assert_eq!(quick.recorded_at(), full.recorded_at());
        let check = tallies.verify(&1).await.unwrap();
        assert!(
            !matches!(check, SnapshotCheck::Different { .. }),
            "{check:?}"
        );
    }
    for length in 0..=history.len() {
        let past = tallies.load_at(&1, Version(length as u64)).await.unwrap();
        assert_eq!(*past, fold(&history[..length]), "at version {length}");
    }
}

async fn with_every(every: u64, store: Arc<dyn EventStore>, steps: Vec<Step>) {
    match every {
        1 => law::<1>(store, steps).await,
        2 => law::<2>(store, steps).await,
        3 => law::<3>(store, steps).await,
        7 => law::<7>(store, steps).await,
        _ => law::<20>(store, steps).await,
    }
}

fn every() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![1, 2, 3, 7, 20])
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_its_tail_are_the_whole_history_in_memory(every in every(), steps in steps()) {
        runtime().block_on(with_every(every, Arc::new(MemoryStore::new()), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_its_tail_are_the_whole_history_on_sqlite(every in every(), steps in steps()) {
        runtime().block_on(async {
            with_every(every, Arc::new(sqlite_in_memory().await), steps.clone()).await;
            let (_folder, store) = sqlite_file().await;
            with_every(every, Arc::new(store), steps).await;
        });
    }
}
