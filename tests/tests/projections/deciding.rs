//! What a person has decided holds: what was skipped, what is paused, what is kept inline.

use std::sync::Arc;

use rehydrate::{
    Delivery, DeliveryState, EventStore, Inline, Operations, Rebuild, Repository, StreamId,
};
use rehydrate_tests::account::Account;
use rehydrate_tests::read_models::{Flows, OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

use super::{accounts, deposited, runner};

fn faulty() -> Wealths {
    Wealths {
        on_thirteen: OnThirteen::Fails,
    }
}

/// One account with 5, 13 and 6 cents, of which the second failed.
async fn parked(store: &Arc<dyn EventStore>) -> Delivery {
    let history = [5, 13, 6].map(|cents| (1, deposited(cents)));
    happen(&accounts(store), history).await;
    let runner = runner(store).projection(faulty());
    runner.catch_up().await.unwrap();
    letters(store).await.remove(0)
}

async fn letters(store: &Arc<dyn EventStore>) -> Vec<Delivery> {
    let operations = Operations::new(Arc::clone(store));
    operations.dead_letters(None).await.unwrap()
}

async fn cents(store: &Arc<dyn EventStore>) -> i64 {
    rows_of::<Wealths>(store).await[0].cents
}

#[tokio::test]
async fn what_was_skipped_stays_skipped_in_a_refold_and_in_a_look() {
    on_every_store(async |store| {
        let letter = parked(&store).await;
        let operations = Operations::new(Arc::clone(&store));
        operations.skip(&letter, "it was a test").await.unwrap();
        let runner = runner(&store).projection(faulty());
        runner.catch_up().await.unwrap();
        assert_eq!(cents(&store).await, 11);
        let rebuild = Rebuild::new(Arc::clone(&store), faulty());
        assert_eq!(rebuild.verify(9).await.unwrap().wrong, []);
        let stream = StreamId::new("account", 1).unwrap();
        assert_eq!(rebuild.stream(&stream).await.unwrap().events, 2);
        assert_eq!(cents(&store).await, 11);
    })
    .await;
}

#[tokio::test]
async fn a_paused_projection_takes_up_no_stream() {
    on_every_store(async |store| {
        let letter = parked(&store).await;
        let operations = Operations::new(Arc::clone(&store));
        operations.pause("wealth").await.unwrap();
        operations.retry(&letter).await.unwrap();
        let fixed = runner(&store).projection(Wealths::<2>::default());
        fixed.catch_up().await.unwrap();
        assert_eq!(cents(&store).await, 5);
        let waiting = letters(&store).await.remove(0).state;
        assert!(
            matches!(waiting, DeliveryState::Retrying { .. }),
            "{waiting:?}"
        );
        operations.resume("wealth").await.unwrap();
        fixed.catch_up().await.unwrap();
        assert_eq!(cents(&store).await, 24);
        assert_eq!(letters(&store).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_store_that_was_cloned_keeps_all_its_projections() {
    on_every_store(async |store| {
        let flows = Inline::new(Arc::clone(&store)).projection(Flows);
        let both = flows.clone().projection(Wealths::<2>::default());
        let accounts: Repository<Account> = Repository::new(both);
        happen(&accounts, [(1, deposited(7))]).await;
        assert_eq!(rows_of::<Flows>(&store).await[0].cents, 7);
        assert_eq!(cents(&store).await, 7);
        drop(flows);
    })
    .await;
}
