use rehydrate::{
    Condition, DeliveryState, Message, OperationError, PublishError, Publisher, RunError,
};

use super::*;

#[tokio::test]
async fn a_message_that_is_not_taken_holds_its_key_and_the_others_go_on() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2, 1, 3]).await;
        stage.broker.refuse(key(1));
        stage.drain().await;
        stage.deposits([2, 1, 3]).await;
        stage.drain().await;
        assert_eq!(stage.arrived(), [(2, 1), (3, 1), (2, 2), (3, 2)]);
        let waiting = stage.deliveries().await;
        assert_eq!(waiting.len(), 1);
        assert!(matches!(waiting[0].state, DeliveryState::Retrying { .. }));
        let watermark = stage.store.watermark().await.unwrap();
        assert_eq!(stage.checkpoint().await.position, watermark);

        stage.broker.accept(&key(1));
        stage.drain().await;
        assert_eq!(stage.arrived().len(), 4, "it is tried again too early");
        stage.wait(1);
        stage.drain().await;
        assert_eq!(stage.arrived()[4..], [(1, 1), (1, 2), (1, 3)]);
        assert_eq!(stage.deliveries().await, []);
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.arrived()[7..], [(1, 4)]);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_not_taken_at_all_is_a_dead_letter_that_can_be_retried() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.broker.refuse(key(1));
        stage.deposits([1, 2, 1]).await;
        for pause in [0, 1, 2, 1_000] {
            stage.wait(pause);
            stage.drain().await;
        }
        let letter = stage.letter().await;
        assert_eq!((letter.attempts, letter.version.get()), (3, 1));
        assert_eq!(letter.state, DeliveryState::Parked);
        let error = letter.error.as_deref().unwrap();
        assert!(
            error.contains("messages of account/1 are refused"),
            "{error}"
        );
        assert_eq!(stage.arrived(), [(2, 1)]);

        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        let again = stage.letter().await;
        assert_eq!((again.attempts, &again.state), (4, &DeliveryState::Parked));
        stage.broker.accept(&key(1));
        stage.operations().retry(&again).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.arrived(), [(2, 1), (1, 1), (1, 2)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_stream_goes_on_without_a_message_that_is_skipped() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let large = "x".repeat(1_000_000);
        let open = |_: &Account| {
            let owner = large.clone();
            Ok::<_, std::convert::Infallible>(rehydrate_tests::account::AccountEvent::Opened {
                owner,
            })
        };
        stage.accounts.execute(&1, open).await.unwrap();
        stage.deposits([1, 2, 1]).await;
        stage.drain().await;
        assert_eq!(stage.arrived(), [(2, 1)]);
        let letter = stage.letter().await;
        assert_eq!(letter.attempts, 1, "what is rejected is not tried again");
        let error = letter.error.as_deref().unwrap();
        assert!(error.contains("1000000 are the most"), "{error}");
        let unreasoned = stage.operations().skip(&letter, "").await;
        assert!(matches!(unreasoned, Err(OperationError::NoReason)));
        stage.operations().skip(&letter, "too large").await.unwrap();
        stage.drain().await;
        assert_eq!(stage.arrived(), [(2, 1), (1, 2), (1, 3)]);
        let reason = "too large".to_owned();
        assert_eq!(
            stage.letter().await.state,
            DeliveryState::Skipped { reason }
        );
    })
    .await;
}

#[tokio::test]
async fn while_the_broker_is_away_everything_waits_and_nothing_is_a_dead_letter() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage.drain().await;
        let before = stage.checkpoint().await.position;
        stage.broker.set_available(false);
        stage.deposits([1, 2, 1]).await;
        for _ in 0..5 {
            let drained = stage.runner().drain().await;
            assert!(
                matches!(drained, Err(RunError::Unreachable { .. })),
                "{drained:?}"
            );
            stage.wait(1_000);
        }
        assert_eq!(stage.checkpoint().await.position, before);
        assert_eq!(stage.deliveries().await, []);

        let running = stage.runner().start().await.unwrap();
        until("the checkpoint says so", async || {
            let condition = stage.checkpoint().await.condition;
            matches!(
                condition,
                Condition::Retrying { error, .. } if error.contains("the broker is unavailable")
            )
        })
        .await;
        stage.broker.set_available(true);
        until("everything is sent", async || {
            stage.checkpoint().await.condition == Condition::Live
        })
        .await;
        running.stop().await;
        assert_eq!(stage.arrived(), [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_held_message_survives_that_the_broker_is_away() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.broker.refuse(key(1));
        stage.deposits([1, 2, 1]).await;
        stage.drain().await;
        stage.broker.accept(&key(1));
        stage.broker.set_available(false);
        for _ in 0..9 {
            stage.wait(100);
            stage.runner().drain().await.unwrap_err();
        }
        let waiting = stage.deliveries().await;
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].attempts, 1, "nobody was there to refuse it");
        stage.broker.set_available(true);
        stage.drain().await;
        assert_eq!(stage.arrived(), [(2, 1), (1, 1), (1, 2)]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

/// A publisher that does not say what has become of the last message.
#[derive(Debug)]
struct Silent(MemoryBroker);

#[async_trait::async_trait]
impl Publisher for Silent {
    fn destination(&self) -> String {
        self.0.destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut outcomes = self.0.publish(batch).await;
        outcomes.pop();
        outcomes
    }
}

#[tokio::test]
async fn a_message_of_which_nothing_is_said_is_sent_again() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2, 3]).await;
        let silent = Relay::new(NAME, Start::Beginning, Silent(stage.broker.clone()));
        let silent = stage.running(silent.aggregate::<Account>());
        let drained = silent.drain().await;
        assert!(matches!(drained, Err(RunError::Unreachable { .. })));
        stage.drain().await;
        assert_eq!(stage.arrived(), [(1, 1), (2, 1), (3, 1), (3, 1)]);
    })
    .await;
}
