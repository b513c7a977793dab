//! Events that fail: their stream waits, the others go on.

use std::sync::Arc;

use rehydrate::{
    Delivery, DeliveryState, EventStore, Old, OperationError, Operations, Rebuild, RebuildError,
};
use rehydrate_tests::read_models::{OnThirteen, Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;

use super::{LONG, accounts, deposited, opened, runner, withdrawn};

const FAULTS: [OnThirteen; 2] = [OnThirteen::Fails, OnThirteen::Panics];

fn faulty(on_thirteen: OnThirteen) -> Wealths {
    Wealths { on_thirteen }
}

async fn history(store: &Arc<dyn EventStore>) {
    let history = [
        (1, opened("Ada")),
        (2, deposited(5)),
        (1, deposited(13)),
        (1, withdrawn(3)),
        (2, deposited(6)),
    ];
    happen(&accounts(store), history).await;
}

async fn letters(store: &Arc<dyn EventStore>) -> Vec<Delivery> {
    let operations = Operations::new(Arc::clone(store));
    operations.dead_letters(Some("wealth")).await.unwrap()
}

fn seen(rows: &[Wealth]) -> Vec<(u64, i64, u32)> {
    let rows = rows.iter();
    rows.map(|row| (row.account, row.cents, row.events))
        .collect()
}

#[tokio::test]
async fn a_faulty_event_parks_its_stream_and_no_other() {
    for fault in FAULTS {
        on_every_store(async |store| {
            history(&store).await;
            let runner = runner(&store).projection(faulty(fault));
            runner.catch_up().await.unwrap();
            assert_eq!(
                seen(&rows_of::<Wealths>(&store).await),
                [(1, 0, 1), (2, 11, 2)]
            );
            // What comes later to the stream waits, too.
            happen(&accounts(&store), [(1, deposited(1)), (3, deposited(2))]).await;
            runner.catch_up().await.unwrap();
            let expected = [(1, 0, 1), (2, 11, 2), (3, 2, 1)];
            assert_eq!(seen(&rows_of::<Wealths>(&store).await), expected);

            let letters = letters(&store).await;
            assert_eq!(letters.len(), 1);
            let letter = &letters[0];
            assert_eq!(letter.stream.to_string(), "account/1");
            assert_eq!((letter.version.get(), letter.attempts), (2, 1));
            assert_eq!(letter.event_type, "deposited");
            assert_eq!(letter.state, DeliveryState::Parked);
            let error = letter.error.as_deref().unwrap();
            assert!(error.contains("unlucky"), "{error}");
        })
        .await;
    }
}

#[tokio::test]
async fn fixed_and_retried_it_is_as_if_it_had_never_failed() {
    on_every_store(async |store| {
        history(&store).await;
        runner(&store)
            .projection(faulty(OnThirteen::Panics))
            .catch_up()
            .await
            .unwrap();
        happen(&accounts(&store), [(1, deposited(13)), (1, withdrawn(4))]).await;
        runner(&store)
            .projection(faulty(OnThirteen::Panics))
            .catch_up()
            .await
            .unwrap();

        // Retried before it is fixed, it fails again.
        let operations = Operations::new(Arc::clone(&store));
        assert_eq!(operations.retry_all(None).await.unwrap(), 1);
        runner(&store)
            .projection(faulty(OnThirteen::Fails))
            .catch_up()
            .await
            .unwrap();
        let letters_now = letters(&store).await;
        assert_eq!((letters_now.len(), letters_now[0].attempts), (1, 2));

        // Fixed, but not retried, it waits.
        let fixed = runner(&store).projection(faulty(OnThirteen::Takes));
        fixed.catch_up().await.unwrap();
        assert_eq!(seen(&rows_of::<Wealths>(&store).await)[0], (1, 0, 1));

        let running = fixed.start().await.unwrap();
        operations.retry(&letters_now[0]).await.unwrap();
        let last = accounts(&store)
            .execute(&1, |account| account.deposit(100))
            .await
            .unwrap();
        running
            .wait_for("wealth", last.position(), LONG)
            .await
            .unwrap();
        while !letters(&store).await.is_empty() {
            tokio::task::yield_now().await;
        }
        let expected = [(1, 13 - 3 + 13 - 4 + 100, 6), (2, 11, 2)];
        assert_eq!(seen(&rows_of::<Wealths>(&store).await), expected);
    })
    .await;
}

#[tokio::test]
async fn an_event_is_skipped_with_a_reason_and_what_follows_is_taken() {
    on_every_store(async |store| {
        history(&store).await;
        let runner = runner(&store).projection(faulty(OnThirteen::Fails));
        runner.catch_up().await.unwrap();
        let operations = Operations::new(Arc::clone(&store));
        let letter = letters(&store).await.remove(0);
        let silent = operations.skip(&letter, "  ").await.unwrap_err();
        assert!(matches!(silent, OperationError::NoReason));
        operations.skip(&letter, "it was a test").await.unwrap();
        let again = operations.skip(&letter, "it was a test").await.unwrap_err();
        assert!(matches!(again, OperationError::Settled { .. }));

        runner.catch_up().await.unwrap();
        assert_eq!(seen(&rows_of::<Wealths>(&store).await)[0], (1, -3, 2));
        let skipped = letters(&store).await;
        assert_eq!(skipped.len(), 1);
        let reason = "it was a test".to_owned();
        assert_eq!(skipped[0].state, DeliveryState::Skipped { reason });
    })
    .await;
}

/// A build that is not live yet has a parked stream, and is not swapped in.
async fn parked_in_a_build(store: &Arc<dyn EventStore>) -> Operations {
    history(store).await;
    let older = runner(store).projection(Wealths::<1>::default());
    older.catch_up().await.unwrap();
    let rebuild = Rebuild::new(Arc::clone(store), faulty(OnThirteen::Fails));
    rebuild.run().await.unwrap();
    let refused = rebuild.swap(Old::Keep).await;
    assert!(
        matches!(refused, Err(RebuildError::Parked { streams: 1, .. })),
        "{refused:?}"
    );
    Operations::new(Arc::clone(store))
}

#[tokio::test]
async fn a_build_that_is_not_live_takes_what_is_retried() {
    on_every_store(async |store| {
        let operations = parked_in_a_build(&store).await;
        assert_eq!(operations.retry_all(None).await.unwrap(), 1);
        let fixed = Rebuild::new(Arc::clone(&store), faulty(OnThirteen::Takes));
        fixed.run().await.unwrap();
        fixed.swap(Old::Keep).await.unwrap();
        let expected = [(1, 10, 3), (2, 11, 2)];
        assert_eq!(seen(&rows_of::<Wealths>(&store).await), expected);
    })
    .await;
}

#[tokio::test]
async fn a_build_that_is_not_live_goes_on_after_what_is_skipped() {
    on_every_store(async |store| {
        let operations = parked_in_a_build(&store).await;
        let letter = letters(&store).await.remove(0);
        operations.skip(&letter, "it was a test").await.unwrap();
        let rebuild = Rebuild::new(Arc::clone(&store), faulty(OnThirteen::Fails));
        rebuild.run().await.unwrap();
        rebuild.swap(Old::Keep).await.unwrap();
        let expected = [(1, -3, 2), (2, 11, 2)];
        assert_eq!(seen(&rows_of::<Wealths>(&store).await), expected);
    })
    .await;
}
