//! A newer version of a projection, deployed.

use std::sync::Arc;

use rehydrate::{
    BoxError, Condition, EventStore, Old, OperationError, Operations, Projection, ReadModel,
    Rebuild, RebuildError, Recorded, Role, RunError, Upgrade,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::Watched;
use serde::{Deserialize, Serialize};

use super::{LONG, accounts, deposited, runner, withdrawn};

async fn version_1_is_live(store: &Arc<dyn EventStore>) {
    let history = [(1, deposited(50)), (2, deposited(50)), (1, withdrawn(20))];
    happen(&accounts(store), history).await;
    runner(store)
        .projection(Wealths::<1>::default())
        .catch_up()
        .await
        .unwrap();
    assert_eq!(cents(store).await, [50, 50]);
}

async fn cents(store: &Arc<dyn EventStore>) -> Vec<i64> {
    let rows = rows_of::<Wealths>(store).await;
    rows.iter().map(|row| row.cents).collect()
}

async fn live_version(store: &Arc<dyn EventStore>) -> u32 {
    let consumers = store.consumers().unwrap();
    let all = consumers.checkpoints(Some("wealth")).await.unwrap();
    let live = all.iter().find(|found| found.role == Role::Live);
    live.unwrap().definition
}

#[tokio::test]
async fn a_newer_version_is_built_and_takes_its_place() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        let running = runner(&store)
            .projection(Wealths::<2>::default())
            .start()
            .await
            .unwrap();
        while live_version(&store).await == 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(cents(&store).await, [30, 50]);
        let committed = accounts(&store)
            .execute(&2, |account| account.withdraw(1))
            .await
            .unwrap();
        running
            .wait_for("wealth", committed.position(), LONG)
            .await
            .unwrap();
        assert_eq!(cents(&store).await, [30, 49]);
    })
    .await;
}

#[tokio::test]
async fn the_older_version_is_kept_up_to_date_until_then() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        let both = runner(&store)
            .projection(Wealths::<2>::default())
            .standby(Wealths::<1>::default())
            .with_upgrade(Upgrade::Manual);
        happen(&accounts(&store), [(1, withdrawn(20)), (2, deposited(1))]).await;
        both.catch_up().await.unwrap();
        assert_eq!(live_version(&store).await, 1);
        assert_eq!(cents(&store).await, [50, 51]);
        let automatic = both.with_upgrade(Upgrade::Automatic);
        automatic.catch_up().await.unwrap();
        assert_eq!(live_version(&store).await, 2);
        assert_eq!(cents(&store).await, [10, 51]);
    })
    .await;
}

#[tokio::test]
async fn an_older_program_leaves_a_newer_version_alone() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        runner(&store)
            .projection(Wealths::<2>::default())
            .catch_up()
            .await
            .unwrap();
        let old = runner(&store)
            .projection(Wealths::<1>::default())
            .catch_up()
            .await;
        let error = old.unwrap_err();
        assert!(
            matches!(
                error,
                RunError::NotLive {
                    live: 2,
                    own: 1,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(
            error.to_string().ends_with("deploy the newer program"),
            "{error}"
        );
        assert_eq!(cents(&store).await, [30, 50]);
    })
    .await;
}

#[tokio::test]
async fn a_paused_projection_is_paused_after_a_swap() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        let operations = Operations::new(Arc::clone(&store));
        operations.pause("wealth").await.unwrap();
        let rebuild = Rebuild::new(Arc::clone(&store), Wealths::<2>::default());
        rebuild.run().await.unwrap();
        rebuild.swap(Old::Keep).await.unwrap();
        assert_eq!(live_version(&store).await, 2);
        assert_eq!(condition(&store).await, Condition::Paused);
    })
    .await;
}

async fn condition(store: &Arc<dyn EventStore>) -> Condition {
    let consumers = store.consumers().unwrap();
    let all = consumers.checkpoints(Some("wealth")).await.unwrap();
    let live = all.into_iter().find(|found| found.role == Role::Live);
    live.unwrap().condition
}

#[tokio::test]
async fn an_upgrade_that_fails_is_no_fault_of_the_live_version() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        happen(&accounts(&store), [(1, deposited(13))]).await;
        runner(&store)
            .projection(Wealths::<1>::default())
            .catch_up()
            .await
            .unwrap();
        assert_eq!(condition(&store).await, Condition::Live);
        let watched = Watched::new(Arc::clone(&store));
        let watching: Arc<dyn EventStore> = Arc::new(watched.clone());
        let newer = runner(&watching)
            .projection(Wealths::<2> {
                on_thirteen: OnThirteen::Fails,
            })
            .start()
            .await
            .unwrap();
        // A try looks at the end of the log twice, so that one is over, and written down, at four.
        let mut looks = 0;
        while looks < 4 {
            let calls = watched.calls();
            looks += calls.iter().filter(|call| *call == "watermark").count();
            tokio::task::yield_now().await;
        }
        newer.stop().await;
        assert_eq!(live_version(&store).await, 1);
        assert_eq!(condition(&store).await, Condition::Live);
    })
    .await;
}

#[tokio::test]
async fn the_dead_letters_of_a_version_that_was_replaced_are_gone() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(13))]).await;
        let unlucky = Wealths::<1> {
            on_thirteen: OnThirteen::Fails,
        };
        runner(&store).projection(unlucky).catch_up().await.unwrap();
        let operations = Operations::new(Arc::clone(&store));
        let letter = operations.dead_letters(None).await.unwrap().remove(0);
        runner(&store)
            .projection(Wealths::<2>::default())
            .catch_up()
            .await
            .unwrap();
        assert_eq!(operations.dead_letters(None).await.unwrap(), []);
        assert_eq!(operations.retry_all(None).await.unwrap(), 0);
        let refused = operations.retry(&letter).await;
        assert!(
            matches!(refused, Err(OperationError::Settled { .. })),
            "{refused:?}"
        );
    })
    .await;
}

/// What an account was paid, in a table of another name than that of the versions before.
#[derive(ReadModel, Clone, Debug, Serialize, Deserialize)]
#[read_model(table = "riches")]
struct Riches {
    #[read_model(key)]
    account: u64,
}

struct Renamed;

impl Projection for Renamed {
    type Events = Account;
    type Row = Riches;

    const NAME: &'static str = "wealth";
    const VERSION: u32 = 2;

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Riches>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        let account = event.id()?;
        *row = Some(Riches { account });
        Ok(())
    }
}

#[tokio::test]
async fn a_version_with_a_table_of_another_name_is_refused_before_it_is_built() {
    on_every_store(async |store| {
        version_1_is_live(&store).await;
        let refused = runner(&store).projection(Renamed).catch_up().await;
        assert!(
            matches!(
                refused,
                Err(RunError::Rebuild(RebuildError::TableRenamed { .. }))
            ),
            "{refused:?}"
        );
        let consumers = store.consumers().unwrap();
        assert_eq!(consumers.checkpoints(None).await.unwrap().len(), 1);
    })
    .await;
}
