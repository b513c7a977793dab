//! A newer version of a projection, deployed.

use std::sync::Arc;

use rehydrate::{EventStore, Role, RunError, Upgrade};
use rehydrate_tests::read_models::{Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

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
