//! Building a shadow, comparing it, swapping it in.

use std::sync::Arc;

use rehydrate::{EventStore, Old, Rebuild, RebuildError, Role};
use rehydrate_tests::read_models::{Flows, OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use serde_json::json;

use super::{LONG, accounts, deposited, opened, runner, withdrawn};

async fn with_a_fault(store: &Arc<dyn EventStore>) {
    let history = (1..=30).flat_map(|id| [(id, opened("Ada")), (id, deposited(50))]);
    happen(&accounts(store), history).await;
    happen(&accounts(store), [(7, withdrawn(20)), (9, withdrawn(1))]).await;
    runner(store)
        .projection(Wealths::<1>::default())
        .catch_up()
        .await
        .unwrap();
}

fn rebuild(store: &Arc<dyn EventStore>) -> Rebuild {
    Rebuild::new(Arc::clone(store), Wealths::<2>::default()).with_batch(10)
}

fn cents_of(rows: &[rehydrate_tests::read_models::Wealth]) -> i64 {
    rows.iter().map(|row| row.cents).sum()
}

#[tokio::test]
async fn the_plan_the_shadow_the_difference_and_the_swap() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        let rebuild = rebuild(&store);
        let plan = rebuild.plan().await.unwrap();
        assert_eq!((plan.events, plan.live_build, plan.build), (62, 1, 2));
        assert_eq!((plan.live_version, plan.version), (1, 2));
        assert_eq!(plan.table, "wealth__build_2");

        let mut seen = Vec::new();
        let built = rebuild
            .run_with(|progress| seen.push(progress.clone()))
            .await
            .unwrap();
        assert_eq!((built.build, built.events), (2, 62));
        assert!(seen.len() >= 6, "{seen:?}");
        let last = seen.last().unwrap();
        assert_eq!(
            (last.events, last.total, last.position),
            (62, 62, plan.until)
        );
        assert_eq!(
            cents_of(&rows_of::<Wealths>(&store).await),
            1500,
            "the live rows are not touched"
        );

        let diff = rebuild.diff(100).await.unwrap();
        assert_eq!((diff.added, diff.removed, diff.changed), (0, 0, 2));
        assert!(diff.is_level());
        let rows: Vec<_> = diff.rows.iter().map(|row| row.key.clone()).collect();
        assert_eq!(rows, [json!({ "account": 7 }), json!({ "account": 9 })]);
        assert_eq!(diff.rows[0].live.as_ref().unwrap()["cents"], 50);
        assert_eq!(diff.rows[0].shadow.as_ref().unwrap()["cents"], 30);
        assert_eq!(rebuild.diff(1).await.unwrap().rows.len(), 1);

        let swapped = rebuild.swap(Old::Keep).await.unwrap();
        assert_eq!((swapped.old_build, swapped.live_build), (1, 2));
        assert_eq!(cents_of(&rows_of::<Wealths>(&store).await), 1479);
        let again = rebuild.swap(Old::Keep).await.unwrap_err();
        assert!(
            matches!(again, RebuildError::NothingBuilt { .. }),
            "{again:?}"
        );
        assert_eq!(rebuild.drop_retired().await.unwrap(), [1]);
    })
    .await;
}

#[tokio::test]
async fn what_happens_meanwhile_is_in_neither_difference_nor_gap() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        let running = runner(&store)
            .projection(Wealths::<1>::default())
            .standby(Wealths::<2>::default())
            .start()
            .await
            .unwrap();
        let writing = tokio::spawn({
            let accounts = accounts(&store);
            async move {
                let mut last = None;
                for number in 0..150 {
                    let id = number % 40 + 1;
                    let committed = accounts.execute(&id, |account| account.deposit(2)).await;
                    last = Some(committed.unwrap().position());
                }
                last.unwrap()
            }
        });
        let rebuild = rebuild(&store);
        rebuild.run().await.unwrap();
        for _ in 0..5 {
            let diff = rebuild.diff(100).await.unwrap();
            assert!(diff.is_level());
            let keys: Vec<_> = diff
                .rows
                .iter()
                .map(|row| row.key["account"].clone())
                .collect();
            assert_eq!(keys, [7, 9], "{diff:#?}");
            assert_eq!((diff.added, diff.removed, diff.changed), (0, 0, 2));
        }
        rebuild.swap(Old::Drop).await.unwrap();
        let last = writing.await.unwrap();
        running.wait_for("wealth", last, LONG).await.unwrap();
        let rows = rows_of::<Wealths>(&store).await;
        assert_eq!(cents_of(&rows), 1479 + 300);
        assert_eq!(rows.iter().map(|row| row.events).sum::<u32>(), 62 + 150);
    })
    .await;
}

#[tokio::test]
async fn readers_see_the_old_rows_or_the_new_ones() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        let reading = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                let mut seen = Vec::new();
                loop {
                    let cents = cents_of(&rows_of::<Wealths>(&store).await);
                    assert!(cents == 1500 || cents == 1479, "{cents}");
                    if seen.last() != Some(&cents) {
                        seen.push(cents);
                    }
                    if cents == 1479 {
                        return seen;
                    }
                    tokio::task::yield_now().await;
                }
            }
        });
        let rebuild = rebuild(&store);
        rebuild.run().await.unwrap();
        rebuild.swap(Old::Keep).await.unwrap();
        assert_eq!(*reading.await.unwrap().last().unwrap(), 1479);
    })
    .await;
}

#[tokio::test]
async fn a_rebuild_goes_on_where_it_was() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        let (sender, mut batches) = tokio::sync::mpsc::unbounded_channel();
        let run = rebuild(&store).with_throttle(200);
        let run =
            tokio::spawn(async move { run.run_with(|_| sender.send(()).unwrap_or(())).await });
        for _ in 0..3 {
            batches.recv().await.unwrap();
        }
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());

        let rebuild = rebuild(&store);
        let plan = rebuild.plan().await.unwrap();
        assert!(plan.from.get() > 0 && plan.events < 62, "{plan:?}");
        let built = rebuild.run().await.unwrap();
        assert_eq!(built.events, plan.events);
        assert_eq!(rebuild.diff(9).await.unwrap().changed, 2);
        rebuild.swap(Old::Keep).await.unwrap();
        assert_eq!(cents_of(&rows_of::<Wealths>(&store).await), 1479);
    })
    .await;
}

#[tokio::test]
async fn a_build_with_parked_streams_does_not_go_live() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        happen(&accounts(&store), [(5, deposited(13))]).await;
        let unlucky = Wealths::<2> {
            on_thirteen: OnThirteen::Fails,
        };
        let rebuild = Rebuild::new(Arc::clone(&store), unlucky);
        rebuild.run().await.unwrap();
        let refused = rebuild.swap(Old::Keep).await.unwrap_err();
        assert!(
            matches!(refused, RebuildError::Parked { streams: 1, .. }),
            "{refused:?}"
        );
        rebuild.discard().await.unwrap();
        let nothing = rebuild.diff(1).await.unwrap_err();
        assert!(
            matches!(nothing, RebuildError::NothingBuilt { .. }),
            "{nothing:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn rebuilt_twice_is_rebuilt_once() {
    on_every_store(async |store| {
        with_a_fault(&store).await;
        runner(&store).projection(Flows).catch_up().await.unwrap();
        let before = rows_of::<Flows>(&store).await;
        for _ in 0..2 {
            let rebuild = Rebuild::new(Arc::clone(&store), Flows).with_batch(7);
            rebuild.run().await.unwrap();
            assert!(rebuild.diff(9).await.unwrap().is_empty());
            rebuild.swap(Old::Drop).await.unwrap();
            assert_eq!(rows_of::<Flows>(&store).await, before);
        }
        let consumers = store.consumers().unwrap();
        let checkpoints = consumers.checkpoints(Some("flows")).await.unwrap();
        let left: Vec<_> = checkpoints
            .iter()
            .map(|found| (found.id.build, found.role))
            .collect();
        assert_eq!(left, [(3, Role::Live)]);
    })
    .await;
}

#[tokio::test]
async fn what_has_never_run_is_not_rebuilt() {
    on_every_store(async |store| {
        let refused = rebuild(&store).plan().await.unwrap_err();
        assert!(
            matches!(refused, RebuildError::NeverRun { .. }),
            "{refused:?}"
        );
    })
    .await;
}
