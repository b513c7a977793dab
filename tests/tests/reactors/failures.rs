use std::sync::Arc;
use std::time::Duration;

use rehydrate::{Condition, DeliveryState, Failure, Reaction};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::{Watched, unavailable};

use super::deliveries::append;
use super::{NAME, Stage, down, until};

#[derive(Debug, thiserror::Error)]
#[error("no letter was sent")]
struct NotSent(#[source] std::fmt::Error);

#[tokio::test]
async fn a_transient_failure_is_tried_again_after_a_pause() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|call| match call.number {
            1 => down(),
            _ => Ok(Reaction::Done),
        });
        stage.deposit(1).await;
        stage.drain().await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)], "it was tried again too early");
        stage.wait(1);
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn an_event_whose_attempts_run_out_parks_its_stream_and_no_other() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|call| match call.account {
            1 => down(),
            _ => Ok(Reaction::Done),
        });
        stage.deposit(1).await;
        stage.drain().await;
        for account in [1, 2, 1, 2] {
            stage.deposit(account).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (2, 1), (2, 2)]);
        stage.wait(1);
        stage.drain().await;
        stage.wait(2);
        stage.drain().await;
        stage.wait(1_000);
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 1)]);
        let letter = stage.letter().await;
        assert_eq!(letter.state, DeliveryState::Parked);
        assert_eq!(letter.attempts, 3);
        assert_eq!(letter.error.as_deref(), Some("the gateway is down"));

        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        assert_eq!(stage.letter().await.state, DeliveryState::Parked);
        stage.answer(|_| Ok(Reaction::Done));
        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2), (1, 3)]);
        assert_eq!(stage.deliveries().await, []);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 4)]);
    })
    .await;
}

#[tokio::test]
async fn what_has_waited_waits_for_the_next_one_that_fails() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|_| Err(Failure::poison(NotSent(std::fmt::Error))));
        for _ in 0..4 {
            stage.deposit(1).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        let letter = stage.letter().await;
        assert_eq!(letter.attempts, 1);
        let error = letter.error.as_deref().unwrap();
        assert!(error.starts_with("no letter was sent: "), "{error}");

        stage.answer(|call| match call.version {
            3 => Err(Failure::poison("there is no such address")),
            _ => Ok(Reaction::Done),
        });
        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2), (1, 3)]);
        let letter = stage.letter().await;
        assert_eq!(letter.version, 3);

        let skipped = stage.operations().skip(&letter, "Ada has moved").await;
        skipped.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 4)]);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 5)]);
        let reason = "Ada has moved".to_owned();
        let state = stage.letter().await.state;
        assert_eq!(state, DeliveryState::Skipped { reason });
    })
    .await;
}

#[tokio::test]
async fn a_panic_parks_its_event() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|call| match call.account {
            1 => panic!("out of stamps"),
            _ => Ok(Reaction::Done),
        });
        for account in [1, 1, 2] {
            stage.deposit(account).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (2, 1)]);
        let letter = stage.letter().await;
        assert_eq!(letter.state, DeliveryState::Parked);
        assert_eq!(letter.error.as_deref(), Some("panicked: out of stamps"));
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        append(&stage, "robbed", "{}").await;
        append(&stage, "deposited", r#"{"cents":1}"#).await;
        stage.deposit(2).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(2, 1)]);
        let letter = stage.letter().await;
        assert_eq!(letter.state, DeliveryState::Parked);
        assert!(letter.error.unwrap().contains("`robbed`"));
    })
    .await;
}

/// The event is passed over while its stream still waits, and the stream is set free before that
/// has been written down.
#[tokio::test]
async fn an_event_that_was_passed_over_is_not_lost_when_its_stream_is_set_free_meanwhile() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|_| Err(Failure::poison("there is no such address")));
        stage.deposit(1).await;
        stage.drain().await;
        stage.told();

        let (store, clock) = (stage.store.clone(), stage.clock.clone());
        stage.answer_later(move |call| {
            let operations = rehydrate::Operations::new(store.clone()).with_clock(clock.clone());
            async move {
                if call.account == 2 {
                    let letters = operations.dead_letters(Some(NAME)).await?;
                    operations.skip(&letters[0], "Ada has moved").await?;
                }
                Ok(Reaction::Done)
            }
        });
        for account in [1, 2] {
            stage.deposit(account).await;
        }
        stage.drain().await;
        stage.drain().await;
        assert_eq!(stage.told(), [(2, 1), (1, 2)]);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 3)]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_written_down_at_once_is_not_repeated_when_it_can() {
    on_every_store(|store| async {
        let watched = Watched::new(store);
        let stage = Stage::new(Arc::new(watched.clone()));
        stage.answer(|call| match call.version {
            2 => Err(Failure::poison("there is no such address")),
            _ => Ok(Reaction::Done),
        });
        let running = stage.runner().start().await.unwrap();
        for _ in 0..3 {
            for _ in 0..2 {
                watched.fail_a_begin(unavailable());
            }
            let position = stage.deposit(1).await;
            let minute = Duration::from_secs(60);
            running.wait_for(NAME, position, minute).await.unwrap();
        }
        until("it is well again", || async {
            stage.condition().await == Condition::Live
        })
        .await;
        running.stop().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2)]);
        assert_eq!(stage.letter().await.state, DeliveryState::Parked);
    })
    .await;
}
