//! Read models: what a stored event is today goes into the rows, whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use rehydrate::{
    Delivery, DeliveryState, EventStore, InMemory, Inline, MemoryStore, Operations, Repository,
    wait_for,
};
use rehydrate_tests::read_models::rows_of;
use rehydrate_tests::stores::on_every_store;

use crate::domain::Wallet;
use crate::models::{Balances, Journal, balances, journal, runner};
use crate::{HISTORY, Stored, append, history, id, of, wallets};

/// Long enough for a loaded machine; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn rows_are_made_of_what_stored_events_are_today_and_checkpoints_pass_all_of_them() {
    for batch in [1, 2, 5, 1_000] {
        on_every_store(|store| async move {
            let all = history(&store).await;
            let runner = runner(&store)
                .with_batch(batch)
                .projection(Balances::<1>::default())
                .projection(Journal);
            let reached = runner.catch_up().await.unwrap();
            assert_eq!(reached, all.last().unwrap().position);
            assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
            assert_eq!(rows_of::<Journal>(&store).await, journal(&all));
            let consumers = store.consumers().unwrap();
            for checkpoint in consumers.checkpoints(None).await.unwrap() {
                // The last event is retired.
                assert_eq!(checkpoint.position, reached, "{:?}", checkpoint.id);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn shards_share_the_streams_and_not_the_parts() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let runner = runner(&store).projection(Balances::<3>::default());
        runner.catch_up().await.unwrap();
        assert_eq!(rows_of::<Balances<3>>(&store).await, balances(&all));
    })
    .await;
}

#[tokio::test]
async fn a_view_in_memory_has_the_rows_of_the_table() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let view = InMemory::new(Arc::clone(&store), Journal);
        assert_eq!(view.refresh().await.unwrap(), all.last().unwrap().position);
        assert_eq!(view.rows(), journal(&all));
        assert!(view.parked().is_empty());
        let view = InMemory::new(Arc::clone(&store), Balances::<1> { fails_at: Some(-3) });
        view.refresh().await.unwrap();
        let parked: Vec<String> = view.parked().into_keys().collect();
        assert_eq!(parked, ["wallet/ada", "wallet/bob"]);
        let taken = taken_before(&all, -3);
        assert_eq!(view.rows(), balances(&taken));
    })
    .await;
}

#[tokio::test]
async fn one_can_wait_for_a_position_whose_event_is_nothing_today() {
    on_every_store(|store| async move {
        let running = runner(&store)
            .projection(Balances::<1>::default())
            .start()
            .await
            .unwrap();
        let all = history(&store).await;
        for stored in &all {
            let reached = running.wait_for("balances", stored.position, LONG).await;
            assert!(reached.unwrap() >= stored.position);
        }
        for (kind, payload) in [("frozen", "{}"), ("moved", r#"{"parts":[]}"#)] {
            let (_, position) = append(&store, "zoe", (kind, 1), payload, 99).await;
            let reached = wait_for(&store, "balances", position, LONG).await.unwrap();
            assert!(reached >= position);
        }
        running.stop().await;
        assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
    })
    .await;
}

/// The stored events that come before the first one in their stream of which a part is refused.
fn taken_before(all: &[Stored], amount: i64) -> Vec<Stored> {
    let is_faulty = |stored: &&Stored| {
        let lines = journal(std::slice::from_ref(*stored));
        lines.iter().any(|line| line.cents == amount)
    };
    let faulty: Vec<&Stored> = all.iter().filter(is_faulty).collect();
    let is_held = |stored: &Stored| {
        let mut before = faulty.iter().filter(|it| it.stream == stored.stream);
        before.any(|it| it.version <= stored.version)
    };
    all.iter().filter(|it| !is_held(it)).cloned().collect()
}

async fn letters(store: &Arc<dyn EventStore>) -> Vec<Delivery> {
    let operations = Operations::new(Arc::clone(store));
    operations.dead_letters(None).await.unwrap()
}

/// The second of three parts is refused: with an error, and with a panic.
#[tokio::test]
async fn a_part_that_fails_parks_the_whole_event_and_nothing_of_it_is_taken_twice() {
    for amount in [-3, -50] {
        on_every_store(|store| async move {
            let all = history(&store).await;
            let faulty = Balances::<1> {
                fails_at: Some(amount),
            };
            let taken = balances(&taken_before(&all, amount));
            assert_ne!(taken, balances(&all));
            runner(&store).projection(faulty).catch_up().await.unwrap();
            assert_eq!(rows_of::<Balances>(&store).await, taken);
            for letter in letters(&store).await {
                assert_eq!(letter.event_type, "moved");
                assert_eq!(letter.state, DeliveryState::Parked);
                let stream = letter.stream.id().to_owned();
                let stored = of(&all, &stream);
                let letter = stored[usize::try_from(letter.version.get()).unwrap() - 1].position
                    == letter.position;
                assert!(letter, "{stream}");
            }
            // Tried again without being mended, it fails again, and nothing has changed.
            let operations = Operations::new(Arc::clone(&store));
            assert!(operations.retry_all(None).await.unwrap() > 0);
            runner(&store).projection(faulty).catch_up().await.unwrap();
            assert_eq!(rows_of::<Balances>(&store).await, taken);
            // Mended, all is as if it had never failed.
            assert!(operations.retry_all(None).await.unwrap() > 0);
            let mended = runner(&store).projection(Balances::<1>::default());
            mended.catch_up().await.unwrap();
            assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
            assert_eq!(letters(&store).await, []);
        })
        .await;
    }
}

#[tokio::test]
async fn a_split_event_is_skipped_whole() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let faulty = Balances::<1> {
            fails_at: Some(-50),
        };
        runner(&store).projection(faulty).catch_up().await.unwrap();
        let letter = letters(&store).await.remove(0);
        assert_eq!(letter.stream.id(), "dot");
        let operations = Operations::new(Arc::clone(&store));
        operations.skip(&letter, "it was a test").await.unwrap();
        let (_, position) = append(&store, "dot", ("moved", 1), r#"{"parts":[7,-2]}"#, 90).await;
        runner(&store).projection(faulty).catch_up().await.unwrap();
        let mut taken: Vec<Stored> = all.clone();
        taken.retain(|stored| stored.position != letter.position);
        let mut expected = balances(&taken);
        let dot = expected.iter_mut().find(|row| row.wallet == "dot").unwrap();
        (dot.cents, dot.events) = (dot.cents + 5, dot.events + 2);
        assert_eq!(rows_of::<Balances>(&store).await, expected);
        assert!(position > letter.position);
    })
    .await;
}

/// Appends past the decorator and through it, in turns.
#[tokio::test]
async fn rows_kept_inline_are_those_of_the_runner() {
    on_every_store(|store| async move {
        let inline: Arc<dyn EventStore> =
            Arc::new(Inline::new(Arc::clone(&store)).projection(Balances::<1>::default()));
        let wallets: Repository<Wallet> = Repository::new(Arc::clone(&inline));
        // Makes the table.
        runner(&store)
            .projection(Balances::<1>::default())
            .catch_up()
            .await
            .unwrap();
        let mut all = Vec::new();
        for (index, (stream, kind, version, payload)) in HISTORY.into_iter().enumerate() {
            let through = if index % 3 == 0 { &store } else { &inline };
            let number = i64::try_from(index).unwrap();
            let (at, position) = append(through, stream, (kind, version), payload, number).await;
            all.push(Stored {
                stream,
                version: at,
                position,
                recorded_at: crate::day(number),
                today: crate::today(index, stream, at, position),
            });
        }
        for stream in crate::STREAMS {
            wallets
                .execute(&id(stream), |it| it.pay_in(1))
                .await
                .unwrap();
        }
        // Every stream was appended to through the decorator last, so nothing is left to the runner.
        let mut expected = balances(&all);
        for (stream, count) in [("cem", 0), ("eve", 2)] {
            let row = crate::models::Balance {
                wallet: id(stream),
                cents: 0,
                events: 0,
            };
            expected.insert(count + 2, row);
        }
        expected.sort_by(|one, other| one.wallet.cmp(&other.wallet));
        for row in &mut expected {
            (row.cents, row.events) = (row.cents + 1, row.events + 1);
        }
        assert_eq!(rows_of::<Balances>(&store).await, expected);
        runner(&store)
            .projection(Balances::<1>::default())
            .catch_up()
            .await
            .unwrap();
        assert_eq!(rows_of::<Balances>(&store).await, expected);
        assert_eq!(letters(&store).await, []);
    })
    .await;
}

/// The decorator parks what it cannot take, and the command goes through.
#[tokio::test]
async fn a_part_that_fails_inline_parks_the_event_and_not_the_command() {
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    let all = history(&store).await;
    let faulty = Balances::<1> { fails_at: Some(-3) };
    runner(&store)
        .projection(Balances::<1>::default())
        .catch_up()
        .await
        .unwrap();
    let inline: Arc<dyn EventStore> = Arc::new(Inline::new(Arc::clone(&store)).projection(faulty));
    append(&inline, "fay", ("moved", 1), r#"{"parts":[1,-3,1]}"#, 90).await;
    let fay = wallets(&inline)
        .execute(&id("fay"), |it| it.pay_in(1))
        .await
        .unwrap();
    assert_eq!((fay.version().get(), fay.cents), (5, 7));
    assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
    assert_eq!(letters(&store).await.len(), 1);
    Operations::new(Arc::clone(&store))
        .retry_all(None)
        .await
        .unwrap();
    runner(&store)
        .projection(Balances::<1>::default())
        .catch_up()
        .await
        .unwrap();
    let rows = rows_of::<Balances>(&store).await;
    let row = rows.iter().find(|row| row.wallet == "fay").unwrap();
    assert_eq!((row.cents, row.events), (7, 7));
}
