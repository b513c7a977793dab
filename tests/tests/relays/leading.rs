use rehydrate::{Condition, RunError};

use super::*;

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_paused_relay_sends_nothing_until_it_is_resumed() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let running = stage.runner().start().await.unwrap();
        let position = stage.deposit(1).await;
        running.wait_for(NAME, position, LONG).await.unwrap();
        stage.operations().pause(NAME).await.unwrap();
        let position = stage.deposit(1).await;
        assert_eq!(stage.checkpoint().await.condition, Condition::Paused);
        let drained = stage.runner().drain().await;
        assert!(
            matches!(drained, Err(RunError::Paused { .. })),
            "{drained:?}"
        );
        assert_eq!(stage.arrived(), [(1, 1)]);
        stage.operations().resume(NAME).await.unwrap();
        running.wait_for(NAME, position, LONG).await.unwrap();
        running.stop().await;
        assert_eq!(stage.arrived(), [(1, 1), (1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn of_several_runners_one_sends_and_another_takes_over() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let mut running = Vec::new();
        for _ in 0..3 {
            running.push(stage.runner().with_lease(LONG).start().await.unwrap());
        }
        let mut leaders = Vec::new();
        while let Some(one) = running.pop() {
            for account in 0..5 {
                let position = stage.deposit(account).await;
                one.wait_for(NAME, position, LONG).await.unwrap();
            }
            leaders.push(stage.checkpoint().await.lease.unwrap().0);
            one.stop().await;
        }
        let arrived = stage.arrived();
        assert_eq!(arrived.len(), 15, "nothing is sent twice: {arrived:?}");
        for versions in by_account(&arrived).values() {
            assert_eq!(versions, &[1, 2, 3]);
        }
        assert_eq!(stage.checkpoint().await.lease, None);
    })
    .await;
}
