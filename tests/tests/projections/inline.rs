//! Rows that are kept in the transaction of the append.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::future::join_all;
use rehydrate::{EventStore, InMemory, Inline, Operations, Repository};
use rehydrate_tests::account::Account;
use rehydrate_tests::read_models::{Flows, OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

use super::{LONG, accounts, deposited, runner};

fn inline(store: &Arc<dyn EventStore>, on_thirteen: OnThirteen) -> Repository<Account> {
    let inline = Inline::new(Arc::clone(store))
        .projection(Wealths::<2> { on_thirteen })
        .projection(Flows);
    Repository::new(inline)
}

#[tokio::test]
async fn a_command_is_in_the_rows_when_it_returns() {
    on_every_store(async |store| {
        let inline = inline(&store, OnThirteen::Takes);
        for number in 1..=10_u32 {
            inline
                .execute(&1, |account| account.deposit(5))
                .await
                .unwrap();
            assert_eq!(rows_of::<Wealths>(&store).await[0].events, number);
            assert_eq!(rows_of::<Flows>(&store).await[0].events, u64::from(number));
        }
        // A runner finds everything taken.
        let runner = runner(&store)
            .projection(Flows)
            .projection(Wealths::<2>::default());
        runner.catch_up().await.unwrap();
        assert_eq!(rows_of::<Flows>(&store).await[0].cents, 50);
        inline
            .execute(&1, |account| account.withdraw(50))
            .await
            .unwrap();
        assert_eq!(rows_of::<Wealths>(&store).await[0].cents, 0);
    })
    .await;
}

#[tokio::test]
async fn writers_with_and_without_it_and_a_runner_take_every_event_once() {
    on_every_store(async |store| {
        let inline = inline(&store, OnThirteen::Takes);
        let plain = accounts(&store);
        let running = runner(&store)
            .with_batch(3)
            .projection(Flows)
            .projection(Wealths::<2>::default())
            .start()
            .await
            .unwrap();
        let writers = (0..4_u64).map(|writer| {
            let repository = if writer % 2 == 0 {
                inline.clone()
            } else {
                plain.clone()
            };
            async move {
                let mut last = None;
                for number in 0..25 {
                    // All of them on the same few streams.
                    let id = (number + writer) % 3;
                    let deposit = |_: &Account| Ok::<_, Infallible>(deposited(1));
                    let committed = repository.execute(&id, deposit).await.unwrap();
                    last = Some(committed.position());
                }
                last.unwrap()
            }
        });
        let last = join_all(writers).await.into_iter().max().unwrap();
        running.wait_for("flows", last, LONG).await.unwrap();
        running.wait_for("wealth", last, LONG).await.unwrap();
        let flows = rows_of::<Flows>(&store).await;
        assert_eq!((flows[0].events, flows[0].cents), (100, 100));
        let wealth = rows_of::<Wealths>(&store).await;
        assert_eq!(wealth.iter().map(|row| row.events).sum::<u32>(), 100);
    })
    .await;
}

#[tokio::test]
async fn a_faulty_projection_does_not_fail_the_command() {
    on_every_store(async |store| {
        for fault in [OnThirteen::Fails, OnThirteen::Panics] {
            inline(&store, fault)
                .execute(&1, |account| account.deposit(13))
                .await
                .unwrap();
            inline(&store, fault)
                .execute(&1, |account| account.deposit(1))
                .await
                .unwrap();
        }
        inline(&store, OnThirteen::Fails)
            .execute(&2, |account| account.deposit(2))
            .await
            .unwrap();
        let accounts: Vec<u64> = rows_of::<Wealths>(&store)
            .await
            .iter()
            .map(|row| row.account)
            .collect();
        assert_eq!(accounts, [2]);
        let operations = Operations::new(Arc::clone(&store));
        assert_eq!(operations.retry_all(None).await.unwrap(), 1);
        // The checkpoint moves over the stream first, then the stream is taken up.
        for _ in 0..2 {
            let fixed = runner(&store).projection(Wealths::<2>::default());
            fixed.catch_up().await.unwrap();
        }
        let rows = rows_of::<Wealths>(&store).await;
        assert_eq!((rows[0].cents, rows[0].events), (28, 4));
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_is_in_no_row() {
    on_every_store(async |store| {
        let store: Arc<dyn EventStore> = Arc::new(Inline::new(store).projection(Flows));
        let accounts = accounts(&store);
        happen(&accounts, [(1, deposited(1))]).await;
        let mut transaction = store.begin().await.unwrap();
        let deposit = accounts.execute_in(&mut transaction, &1, |account| account.deposit(100));
        deposit.await.unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(rows_of::<Flows>(&store).await[0].cents, 1);
        let mut transaction = store.begin().await.unwrap();
        for id in 1..=2 {
            let deposit = accounts.execute_in(&mut transaction, &id, |account| account.deposit(10));
            deposit.await.unwrap();
        }
        transaction.commit().await.unwrap();
        assert_eq!(rows_of::<Flows>(&store).await[0].cents, 21);
    })
    .await;
}

#[tokio::test]
async fn a_view_in_memory_is_the_same_fold() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        happen(
            &accounts,
            [(1, deposited(1)), (2, deposited(13)), (2, deposited(1))],
        )
        .await;
        let on_thirteen = OnThirteen::Panics;
        let view = InMemory::new(Arc::clone(&store), Wealths::<2> { on_thirteen });
        assert_eq!(
            view.refresh().await.unwrap(),
            store.watermark().await.unwrap()
        );
        assert_eq!(view.rows().len(), 1);
        assert!(view.parked()["account/2"].contains("very unlucky"));
        happen(&accounts, [(1, deposited(4))]).await;
        view.refresh().await.unwrap();
        assert_eq!(view.get(&1).unwrap().cents, 5);
    })
    .await;
}
