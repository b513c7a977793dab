use chrono::TimeDelta;
use rehydrate::{Clock as _, DeliveryState, Failure, Reaction};
use rehydrate_tests::stores::on_every_store;

use super::{Call, Stage, down, until};

/// The first event is answered ten seconds later, and what happens then is up to the test.
fn ten_seconds_after(
    stage: &Stage,
    then: impl Fn(&Call) -> Result<Reaction, Failure> + Send + Sync + 'static,
) {
    let start = stage.clock.now();
    stage.answer(move |call| {
        let time = start + TimeDelta::seconds(10);
        match call.version {
            1 if call.now < time => Ok(Reaction::Again(time)),
            _ => then(call),
        }
    });
}

#[tokio::test]
async fn a_timer_survives_a_restart_and_holds_up_nothing() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        ten_seconds_after(&stage, |_| Ok(Reaction::Done));
        for _ in 0..2 {
            stage.deposit(1).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2)]);
        stage.wait(9);
        stage.drain().await;
        assert_eq!(stage.told(), []);
        stage.wait(1);
        stage.drain().await;
        let calls = stage.calls();
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].version, calls[0].number), (1, 1));
        stage.wait(1_000);
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_runner_at_work_notices_that_a_timer_is_due() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        ten_seconds_after(&stage, |_| Ok(Reaction::Done));
        stage.deposit(1).await;
        let running = stage.runner().start().await.unwrap();
        until("it is scheduled", || async {
            stage.deliveries().await.len() == 1
        })
        .await;
        stage.wait(10);
        until("it is answered", || async {
            stage.deliveries().await.is_empty()
        })
        .await;
        running.stop().await;
        assert_eq!(stage.told(), [(1, 1), (1, 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_timer_may_be_set_as_often_as_one_likes() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|call| Ok(Reaction::Again(call.now + TimeDelta::seconds(1))));
        stage.deposit(1).await;
        for _ in 0..5 {
            stage.drain().await;
            stage.wait(1);
        }
        let numbers: Vec<u32> = stage.calls().iter().map(|call| call.number).collect();
        assert_eq!(numbers, [1; 5]);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_fails_is_tried_again_and_holds_up_nothing() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        ten_seconds_after(&stage, |call| match (call.version, call.number) {
            (1, 1) => down(),
            _ => Ok(Reaction::Done),
        });
        stage.deposit(1).await;
        stage.drain().await;
        stage.wait(10);
        stage.drain().await;
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 1), (1, 2)]);
        let delivery = stage.deliveries().await.remove(0);
        assert!(matches!(delivery.state, DeliveryState::Scheduled { .. }));
        assert_eq!(delivery.error.as_deref(), Some("the gateway is down"));
        stage.wait(1);
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

/// A timer of an event of account 1, three of which have been answered, and that fails for good.
async fn dead_timer(stage: &Stage) {
    ten_seconds_after(stage, |_| Err(Failure::poison("there is no such address")));
    stage.deposit(1).await;
    stage.drain().await;
    stage.answer(|_| Ok(Reaction::Done));
    for _ in 0..2 {
        stage.deposit(1).await;
    }
    stage.drain().await;
    stage.answer(|_| Err(Failure::poison("there is no such address")));
    stage.wait(10);
    stage.drain().await;
    assert_eq!(stage.told(), [(1, 1), (1, 2), (1, 3), (1, 1)]);
    stage.deposit(1).await;
    stage.drain().await;
    assert_eq!(stage.told(), [], "a dead letter holds up its stream");
    stage.answer(|_| Ok(Reaction::Done));
}

#[tokio::test]
async fn a_timer_that_failed_for_good_repeats_nothing_else_when_it_is_retried() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        dead_timer(&stage).await;
        let letter = stage.letter().await;
        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 4)]);
        assert_eq!(stage.deliveries().await, []);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 5)]);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_failed_for_good_repeats_nothing_when_it_is_skipped() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        dead_timer(&stage).await;
        let letter = stage.letter().await;
        let skipped = stage.operations().skip(&letter, "never mind").await;
        skipped.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 4)]);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 5)]);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_is_due_while_its_stream_waits_is_delivered() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        ten_seconds_after(&stage, |call| match call.version {
            2 => Err(Failure::poison("there is no such address")),
            _ => Ok(Reaction::Done),
        });
        for _ in 0..3 {
            stage.deposit(1).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2)]);
        // Now both of them are dead, and the first one is settled first.
        stage.answer(|_| Err(Failure::poison("there is no such address")));
        stage.wait(10);
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)]);
        stage.answer(|_| Ok(Reaction::Done));
        let letters = stage.operations().dead_letters(None).await.unwrap();
        assert_eq!(letters.len(), 2);
        stage.operations().retry(&letters[0]).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1)], "the second one still waits");
        stage.operations().retry(&letters[1]).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 2), (1, 3)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}
