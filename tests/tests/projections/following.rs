//! Keeping rows up to date.

use std::sync::Arc;
use std::time::Duration;

use rehydrate::{Condition, Operations, Order, Position, Rows, RunError, WaitError, wait_for};
use rehydrate_tests::read_models::{Flow, Flows, Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

use super::{LONG, accounts, deposited, opened, runner, withdrawn};

fn wealth(account: u64, owner: Option<&str>, cents: i64, events: u32) -> Wealth {
    Wealth {
        account,
        owner: owner.map(str::to_owned),
        cents,
        events,
    }
}

#[tokio::test]
async fn the_rows_are_the_fold_of_the_log() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let history = [
            (1, opened("Ada")),
            (1, deposited(500)),
            (2, deposited(7)),
            (1, withdrawn(200)),
        ];
        happen(&accounts, history).await;
        let runner = runner(&store)
            .projection(Wealths::<2>::default())
            .projection(Flows);
        runner.catch_up().await.unwrap();
        let expected = [wealth(1, Some("Ada"), 300, 3), wealth(2, None, 7, 1)];
        assert_eq!(rows_of::<Wealths>(&store).await, expected);

        happen(&accounts, [(2, deposited(1)), (3, opened("Bo"))]).await;
        runner.catch_up().await.unwrap();
        let expected = [
            wealth(1, Some("Ada"), 300, 3),
            wealth(2, None, 8, 2),
            wealth(3, Some("Bo"), 0, 1),
        ];
        assert_eq!(rows_of::<Wealths>(&store).await, expected);
        let flow = |direction: &str, cents, events| Flow {
            direction: direction.to_owned(),
            cents,
            events,
        };
        let expected = [flow("in", 508, 3), flow("out", 200, 1)];
        assert_eq!(rows_of::<Flows>(&store).await, expected);
    })
    .await;
}

#[tokio::test]
async fn what_is_waited_for_is_there() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let running = runner(&store).projection(Flows).start().await.unwrap();
        for cents in 1..=20 {
            let committed = accounts
                .execute(&1, |account| account.deposit(cents))
                .await
                .unwrap();
            let reached = running
                .wait_for("flows", committed.position(), LONG)
                .await
                .unwrap();
            assert!(reached >= committed.position());
            let flows = rows_of::<Flows>(&store).await;
            assert_eq!(flows[0].events, cents);
        }
        running.stop().await;
        let none = wait_for(&store, "nobody", 1.into(), std::time::Duration::ZERO).await;
        assert!(matches!(none, Err(WaitError::Unknown { .. })), "{none:?}");
        let late = wait_for(&store, "flows", 999.into(), std::time::Duration::ZERO).await;
        assert!(matches!(late, Err(WaitError::TimedOut { .. })), "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn rows_are_selected_ordered_and_added_up() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let history = (1..=9).map(|id| (id, deposited(id * 10)));
        happen(&accounts, history).await;
        runner(&store)
            .projection(Wealths::<2>::default())
            .catch_up()
            .await
            .unwrap();
        let rows = Rows::<Wealths>::new(Arc::clone(&store));
        let rich = rows
            .all()
            .more_than("cents", 50)
            .order_by("cents", Order::Descending)
            .limit(2)
            .read()
            .await
            .unwrap();
        let accounts: Vec<u64> = rich.rows.iter().map(|row| row.account).collect();
        assert_eq!(accounts, [9, 8]);
        assert_eq!(rich.position, store.watermark().await.unwrap());
        let total = rows
            .all()
            .less_than("cents", 40)
            .total(["cents", "events"])
            .await
            .unwrap();
        assert_eq!((total.rows, total.sums), (3, [60, 3]));
        assert_eq!(rows.get(&4).await.unwrap(), Some(wealth(4, None, 40, 1)));
        assert_eq!(rows.get(&10).await.unwrap(), None);
        let wrong = rows.all().equal("cent", 1).read().await.unwrap_err();
        assert_eq!(wrong.to_string(), "the table wealth has no column cent");
    })
    .await;
}

#[tokio::test]
async fn several_runners_take_every_event_once() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let mut runners = Vec::new();
        for _ in 0..3 {
            let runner = runner(&store).with_batch(7).projection(Flows);
            runners.push(runner.start().await.unwrap());
        }
        let mut last = None;
        for number in 0..60 {
            // One after the other they stop, in the middle of the work.
            if number % 20 == 19 {
                runners.remove(0).stop().await;
                runners.push(runner(&store).projection(Flows).start().await.unwrap());
            }
            let committed = accounts
                .execute(&(number % 5), |account| account.deposit(1))
                .await;
            last = Some(committed.unwrap().position());
        }
        runners[0]
            .wait_for("flows", last.unwrap(), LONG)
            .await
            .unwrap();
        let flows = rows_of::<Flows>(&store).await;
        assert_eq!((flows[0].events, flows[0].cents), (60, 60));
    })
    .await;
}

#[tokio::test]
async fn a_paused_projection_stands_still_until_it_is_resumed() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let operations = Operations::new(Arc::clone(&store));
        let running = runner(&store).projection(Flows).start().await.unwrap();
        let first = accounts
            .execute(&1, |account| account.deposit(1))
            .await
            .unwrap();
        running
            .wait_for("flows", first.position(), LONG)
            .await
            .unwrap();

        operations.pause("flows").await.unwrap();
        let second = accounts
            .execute(&1, |account| account.deposit(1))
            .await
            .unwrap();
        let caught_up = runner(&store).projection(Flows).catch_up().await;
        assert!(
            matches!(caught_up, Err(RunError::Paused { .. })),
            "{caught_up:?}"
        );
        assert_eq!(rows_of::<Flows>(&store).await[0].events, 1);
        let status = operations.status().await.unwrap();
        assert_eq!(status[0].builds[0].condition, Condition::Paused);
        assert!(status[0].builds[0].behind > 0);

        operations.resume("flows").await.unwrap();
        running
            .wait_for("flows", second.position(), LONG)
            .await
            .unwrap();
        assert_eq!(rows_of::<Flows>(&store).await[0].events, 2);
        let unknown = operations.pause("flow").await.unwrap_err().to_string();
        assert!(unknown.ends_with("there are: flows"), "{unknown}");
    })
    .await;
}

#[tokio::test]
async fn two_projections_of_one_table_or_one_name_are_refused() {
    let store: Arc<dyn rehydrate::EventStore> = Arc::new(rehydrate::MemoryStore::new());
    let twice = runner(&store)
        .projection(Flows)
        .projection(Flows)
        .catch_up()
        .await;
    assert!(
        matches!(twice, Err(RunError::RegisteredTwice { .. })),
        "{twice:?}"
    );
}

#[tokio::test]
async fn what_is_waited_for_without_an_end_is_there() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1))]).await;
        runner(&store).projection(Flows).catch_up().await.unwrap();
        let reached = wait_for(&store, "flows", Position::new(1), Duration::MAX).await;
        assert_eq!(reached.unwrap(), Position::new(1));
    })
    .await;
}

#[tokio::test]
async fn a_resumed_projection_is_live_though_nothing_happens() {
    on_every_store(async |store| {
        let committed = accounts(&store)
            .execute(&1, |account| account.deposit(1))
            .await
            .unwrap();
        let running = runner(&store).projection(Flows).start().await.unwrap();
        running
            .wait_for("flows", committed.position(), LONG)
            .await
            .unwrap();
        let operations = Operations::new(Arc::clone(&store));
        operations.pause("flows").await.unwrap();
        operations.resume("flows").await.unwrap();
        let live = async {
            while operations.status().await.unwrap()[0].builds[0].condition != Condition::Live {
                tokio::task::yield_now().await;
            }
        };
        let said = tokio::time::timeout(LONG, live).await;
        assert!(said.is_ok(), "{:?}", operations.status().await);
        running.stop().await;
    })
    .await;
}
