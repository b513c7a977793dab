use std::collections::BTreeSet;

use proptest::prelude::*;
use rehydrate::{DeliveryState, LogQuery, MemoryStore, RewindTo};

use super::*;

/// What happens between two runs, or in one.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Deposit(u64),
    /// A run that is gone when it has been polled so often.
    Killed {
        polls: usize,
        at_once: usize,
    },
    Run {
        at_once: usize,
    },
    Refuse(u64),
    Accept(u64),
    Away(bool),
    Wait(i64),
    /// Somebody has it go back, at most to a position.
    Rewind(u64),
    RetryAll,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        8 => (1..4_u64).prop_map(Turn::Deposit),
        3 => (0..60_usize, 1..6_usize)
            .prop_map(|(polls, at_once)| Turn::Killed { polls, at_once }),
        2 => (1..6_usize).prop_map(|at_once| Turn::Run { at_once }),
        1 => (1..4_u64).prop_map(Turn::Refuse),
        1 => (1..4_u64).prop_map(Turn::Accept),
        1 => any::<bool>().prop_map(Turn::Away),
        1 => (0..3_i64).prop_map(Turn::Wait),
        1 => (0..30_u64).prop_map(Turn::Rewind),
        1 => Just(Turn::RetryAll),
    ];
    prop::collection::vec(turn, 0..60)
}

async fn killed_after(polls: usize, run: impl Future) {
    let mut run = std::pin::pin!(run);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        run.as_mut().poll(context).map(|_| ())
    })
    .await;
}

fn runner(stage: &Stage, at_once: usize) -> Runner {
    // Whoever was killed has not given up the lease.
    stage
        .running(stage.relay().at_once(at_once))
        .with_batch(7)
        .with_lease(Duration::from_millis(15))
}

/// Everything up to the checkpoint has arrived, or waits behind a delivery.
async fn check_nothing_is_passed(stage: &Stage) {
    let consumers = stage.store.consumers().unwrap();
    let found = consumers.checkpoints(Some(NAME)).await.unwrap();
    let Some(checkpoint) = found.first() else {
        return;
    };
    let arrived: BTreeSet<(u64, u64)> = stage.arrived().into_iter().collect();
    let waiting = stage.deliveries().await;
    let log = stage.store.read_log(&LogQuery::after(Position::ZERO)).await;
    for event in &log.unwrap().events {
        let place = (event.stream_id.parse().unwrap(), event.version.get());
        let waits = waiting.iter().any(|it| {
            it.stream.id() == event.stream_id
                && it.version <= event.version
                && matches!(
                    it.state,
                    DeliveryState::Parked | DeliveryState::Retrying { .. }
                )
        });
        assert!(
            event.position > checkpoint.position || arrived.contains(&place) || waits,
            "{place:?} was passed and has not arrived"
        );
    }
}

/// Nothing overtakes what is before it in its stream, and nothing is missing.
fn check_order(stage: &Stage) {
    for (account, versions) in by_account(&stage.arrived()) {
        let mut reached = 0;
        for version in versions {
            assert!(
                version <= reached + 1,
                "version {version} of {account} has come before {}",
                reached + 1
            );
            reached = reached.max(version);
        }
    }
}

async fn play(store: Arc<dyn EventStore>, turns: &[Turn]) {
    let stage = Stage::new(store);
    let mut deposits: BTreeMap<u64, u64> = BTreeMap::new();
    for turn in turns {
        match turn {
            Turn::Deposit(account) => {
                stage.deposit(*account).await;
                *deposits.entry(*account).or_default() += 1;
            }
            Turn::Killed { polls, at_once } => {
                killed_after(*polls, runner(&stage, *at_once).drain()).await;
            }
            Turn::Run { at_once } => {
                // It fails where the broker is away.
                let _ = runner(&stage, *at_once).drain().await;
            }
            Turn::Refuse(account) => stage.broker.refuse(key(*account)),
            Turn::Accept(account) => stage.broker.accept(&key(*account)),
            Turn::Away(is_away) => stage.broker.set_available(!is_away),
            Turn::Wait(seconds) => stage.wait(*seconds),
            Turn::Rewind(position) => {
                let to = RewindTo::Position(Position(*position));
                // It may not have come so far, or have never run.
                let _ = stage.operations().rewind(NAME, to).await;
            }
            Turn::RetryAll => {
                stage.operations().retry_all(Some(NAME)).await.unwrap();
            }
        }
        check_nothing_is_passed(&stage).await;
        check_order(&stage);
    }
    stage.broker.set_available(true);
    (1..4).for_each(|account| stage.broker.accept(&key(account)));
    stage.wait(1_000);
    runner(&stage, 3).drain().await.unwrap();
    stage.operations().retry_all(Some(NAME)).await.unwrap();
    runner(&stage, 3).drain().await.unwrap();
    assert_eq!(stage.deliveries().await, []);
    check_order(&stage);
    for (account, versions) in by_account(&stage.arrived()) {
        assert_eq!(versions.iter().max(), deposits.get(&account));
    }
    assert_eq!(by_account(&stage.arrived()).len(), deposits.len());
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_relay_that_is_killed_anywhere_loses_nothing_and_keeps_the_order(turns in turns()) {
        run(play(Arc::new(MemoryStore::new()), &turns));
    }
}

#[test]
fn a_relay_that_is_killed_anywhere_loses_nothing_in_any_database() {
    run(on_every_store(async |store| {
        let mut turns = Vec::new();
        for round in 0..6_usize {
            for account in [1, 2, 3, 1, 2, 1] {
                turns.push(Turn::Deposit(account));
            }
            turns.push(match round % 3 {
                0 => Turn::Refuse(2),
                1 => Turn::Away(round == 1),
                _ => Turn::Accept(2),
            });
            turns.push(Turn::Killed {
                polls: 17 * round + 5,
                at_once: round + 1,
            });
            turns.push(Turn::Away(false));
            turns.push(Turn::Wait(1));
            turns.push(Turn::Rewind(4 * round as u64));
            turns.push(Turn::Run { at_once: 4 });
        }
        play(store, &turns).await;
    }));
}
