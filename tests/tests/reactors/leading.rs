use std::sync::Arc;
use std::time::Duration;

use rehydrate::{Condition, Leased, Position, Reaction, RunError};
use rehydrate_tests::stores::on_every_store;
use tokio::sync::Semaphore;

use super::{NAME, Stage, id, until};

const LONG: Duration = Duration::from_secs(60);

async fn reached(stage: &Stage, position: Position) {
    until("everything is written down", || async {
        stage.checkpoint().await.position >= position
    })
    .await;
}

/// Lets the reactor begin to answer, and answer to the end when the test wants it.
struct Gate {
    entered: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn for_account(stage: &Stage, account: u64) -> Self {
        let gate = Self {
            entered: Arc::new(Semaphore::new(0)),
            open: Arc::new(Semaphore::new(0)),
        };
        let (entered, open) = (Arc::clone(&gate.entered), Arc::clone(&gate.open));
        stage.answer_later(move |call| {
            let (entered, open) = (Arc::clone(&entered), Arc::clone(&open));
            async move {
                if call.account == account {
                    entered.add_permits(1);
                    open.acquire().await?.forget();
                }
                Ok(Reaction::Done)
            }
        });
        gate
    }

    async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    fn open(&self) {
        self.open.add_permits(1);
    }
}

#[tokio::test]
async fn one_of_two_delivers_and_the_other_takes_over_when_it_stops() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let first = stage.runner().with_lease(LONG).start().await.unwrap();
        let position = stage.deposit(1).await;
        first.wait_for(NAME, position, LONG).await.unwrap();
        let leader = stage.checkpoint().await.lease.unwrap().0;

        let second = stage.runner().with_lease(LONG).start().await.unwrap();
        for _ in 0..20 {
            let position = stage.deposit(1).await;
            reached(&stage, position).await;
        }
        assert_eq!(stage.checkpoint().await.lease.unwrap().0, leader);
        first.stop().await;
        let position = stage.deposit(1).await;
        reached(&stage, position).await;
        assert_ne!(stage.checkpoint().await.lease.unwrap().0, leader);
        second.stop().await;
        assert_eq!(stage.checkpoint().await.lease, None);
        let versions: Vec<(u64, u64)> = (1..=22).map(|version| (1, version)).collect();
        assert_eq!(stage.told(), versions);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_delivered_by_another_until_the_lease_of_a_dead_leader_has_run_out() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.drain().await;
        let consumers = stage.store.consumers().unwrap();
        let dead = consumers.lease(&id(), "a dead one", LONG).await.unwrap();
        assert!(matches!(dead, Leased::Given(_)));
        let running = stage.runner().start().await.unwrap();
        let position = stage.deposit(1).await;
        let early = running.wait_for(NAME, position, Duration::from_millis(100));
        early.await.unwrap_err();
        assert_eq!(stage.told(), []);

        let moment = Duration::from_millis(50);
        consumers.lease(&id(), "a dead one", moment).await.unwrap();
        running.wait_for(NAME, position, LONG).await.unwrap();
        assert_eq!(stage.told(), [(1, 1)]);
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_leader_who_has_lost_its_lease_writes_nothing() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let gate = Gate::for_account(&stage, 1);
        let running = stage.runner().with_lease(LONG).start().await.unwrap();
        let position = stage.deposit(1).await;
        gate.entered().await;
        let consumers = stage.store.consumers().unwrap();
        let (leader, _) = stage.checkpoint().await.lease.unwrap();
        consumers.release(&id(), &leader).await.unwrap();
        let other = consumers.lease(&id(), "another", LONG).await.unwrap();
        assert!(matches!(other, Leased::Given(_)));
        gate.open();
        let early = running.wait_for(NAME, position, Duration::from_millis(100));
        early.await.unwrap_err();

        gate.open();
        consumers.release(&id(), "another").await.unwrap();
        running.wait_for(NAME, position, LONG).await.unwrap();
        running.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_slow_answer_keeps_the_lease_and_holds_up_no_note() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let gate = Gate::for_account(&stage, 2);
        let done = stage.deposit(1).await;
        let slow = stage.deposit(2).await;
        let lease = Duration::from_millis(300);
        let running = stage.runner().with_lease(lease).start().await.unwrap();
        gate.entered().await;
        let (leader, until_first) = stage.checkpoint().await.lease.unwrap();
        until("the lease is taken again twice as long", || async {
            let (owner, until) = stage.checkpoint().await.lease.unwrap();
            assert_eq!(owner, leader);
            until > until_first + 2 * lease
        })
        .await;
        assert_eq!(stage.checkpoint().await.position, done);
        gate.open();
        running.wait_for(NAME, slow, LONG).await.unwrap();
        running.stop().await;
        assert_eq!(stage.told(), [(1, 1), (2, 1)]);
    })
    .await;
}

#[tokio::test]
async fn what_is_being_answered_when_it_is_told_to_stop_is_not_answered_again() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let gate = Gate::for_account(&stage, 1);
        for _ in 0..2 {
            stage.deposit(1).await;
        }
        let running = stage.runner().start().await.unwrap();
        gate.entered().await;
        let stopping = tokio::spawn(running.stop());
        gate.open();
        stopping.await.unwrap();
        stage.answer(|_| Ok(Reaction::Done));
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_paused_reactor_is_told_nothing_until_it_is_resumed() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let running = stage.runner().start().await.unwrap();
        let before = stage.deposit(1).await;
        running.wait_for(NAME, before, LONG).await.unwrap();
        stage.operations().pause(NAME).await.unwrap();
        let position = stage.deposit(1).await;
        let early = running.wait_for(NAME, position, Duration::from_millis(100));
        early.await.unwrap_err();
        assert_eq!(stage.calls().len(), 1);
        assert_eq!(stage.condition().await, Condition::Paused);
        let refused = stage.runner().with_lease(LONG);

        stage.operations().resume(NAME).await.unwrap();
        running.wait_for(NAME, position, LONG).await.unwrap();
        running.stop().await;
        assert_eq!(stage.told(), [(1, 1), (1, 2)]);
        assert_eq!(stage.condition().await, Condition::Live);

        stage.operations().pause(NAME).await.unwrap();
        let refused = refused.drain().await.unwrap_err();
        assert!(matches!(refused, RunError::Paused { consumer } if consumer == NAME));
        assert_eq!(stage.checkpoint().await.lease, None);
        stage.operations().resume(NAME).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.condition().await, Condition::Live);
    })
    .await;
}
