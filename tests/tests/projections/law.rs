//! The read model is the fold of the log, for random histories, crashes and batch sizes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use proptest::prelude::*;
use rehydrate::{EventStore, MemoryStore, Old, Rebuild};
use rehydrate_tests::account::AccountEvent;
use rehydrate_tests::read_models::{Flow, Flows, Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::sqlite_file;

use super::{accounts, deposited, opened, runner, withdrawn};

#[derive(Clone, Debug)]
enum Step {
    Happens(u64, AccountEvent),
    /// A runner with this batch size works for so many turns of its runtime, and dies.
    RunsAndDies(usize, u32),
    CatchesUp(usize),
    /// Built with this batch size, in this many turns the first time, then swapped in.
    IsRebuilt(usize, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let event = prop_oneof![
        Just(opened("Ada")),
        (0..90_u64).prop_map(deposited),
        (0..9_u64).prop_map(withdrawn),
    ];
    prop_oneof![
        6 => (0..5_u64, event).prop_map(|(id, event)| Step::Happens(id, event)),
        2 => (1..9_usize, 0..60_u32).prop_map(|(batch, turns)| Step::RunsAndDies(batch, turns)),
        1 => (1..9_usize).prop_map(Step::CatchesUp),
        1 => (1..9_usize, 0..60_u32).prop_map(|(batch, turns)| Step::IsRebuilt(batch, turns)),
    ]
}

/// What the rows are, by the shortest fold there is.
fn folded(history: &[(u64, AccountEvent)]) -> (Vec<Wealth>, Vec<Flow>) {
    let mut wealth: BTreeMap<u64, Wealth> = BTreeMap::new();
    let mut flows: BTreeMap<&str, Flow> = BTreeMap::new();
    for (account, event) in history {
        let row = wealth.entry(*account).or_insert(Wealth {
            account: *account,
            owner: None,
            cents: 0,
            events: 0,
        });
        row.events += 1;
        let (direction, cents) = match event {
            AccountEvent::Opened { owner } => {
                row.owner = Some(owner.clone());
                continue;
            }
            AccountEvent::Deposited { cents } => ("in", i64::try_from(*cents).unwrap()),
            AccountEvent::Withdrawn { cents } => ("out", -i64::try_from(*cents).unwrap()),
        };
        row.cents += cents;
        let flow = flows.entry(direction).or_insert_with(|| Flow {
            direction: direction.to_owned(),
            cents: 0,
            events: 0,
        });
        flow.cents += cents.abs();
        flow.events += 1;
    }
    (
        wealth.into_values().collect(),
        flows.into_values().collect(),
    )
}

/// Lets a future go on for so many turns, and drops it.
async fn for_some_turns(turns: u32, future: impl Future) {
    let mut future = Box::pin(future);
    for _ in 0..turns {
        let turn = |context: &mut Context<'_>| Poll::Ready(future.as_mut().poll(context));
        if std::future::poll_fn(turn).await.is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_micros(50)).await;
    }
}

async fn check(store: Arc<dyn EventStore>, steps: Vec<Step>) {
    let mut history = Vec::new();
    let accounts = accounts(&store);
    let both = |batch| {
        let runner = runner(&store).with_batch(batch);
        runner.projection(Wealths::<2>::default()).projection(Flows)
    };
    for step in steps {
        match step {
            Step::Happens(id, event) => {
                // What cannot be withdrawn is refused by nobody here, but the state must hold it.
                if let AccountEvent::Withdrawn { cents } = &event
                    && accounts.load(&id).await.unwrap().cents < *cents
                {
                    continue;
                }
                happen(&accounts, [(id, event.clone())]).await;
                history.push((id, event));
            }
            Step::RunsAndDies(batch, turns) => {
                for_some_turns(turns, both(batch).catch_up()).await;
            }
            Step::CatchesUp(batch) => {
                both(batch).catch_up().await.unwrap();
            }
            Step::IsRebuilt(batch, turns) => {
                both(batch).catch_up().await.unwrap();
                let rebuild = Rebuild::new(Arc::clone(&store), Flows).with_batch(batch);
                for_some_turns(turns, rebuild.run()).await;
                for_some_turns(turns, rebuild.swap(Old::Drop)).await;
            }
        }
    }
    both(3).catch_up().await.unwrap();
    let (wealth, flows) = folded(&history);
    assert_eq!(rows_of::<Wealths>(&store).await, wealth);
    assert_eq!(rows_of::<Flows>(&store).await, flows);
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_read_model_is_the_fold_of_the_log(steps in prop::collection::vec(step(), 0..40)) {
        run(check(Arc::new(MemoryStore::new()), steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_read_model_on_disk_is_the_fold_of_the_log(steps in prop::collection::vec(step(), 0..30)) {
        run(async {
            let (_folder, store) = sqlite_file().await;
            check(Arc::new(store), steps).await;
        });
    }
}
