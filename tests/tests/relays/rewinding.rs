use rehydrate::{
    Batch, Condition, DeliveryState, Expected, Message, NewEvent, OperationError, PublishError,
    Publisher, RecordedTime, Rewind, RewindTo, SchemaVersion, StreamId,
};
use rehydrate_tests::watched::Watched;
use tokio::sync::Semaphore;

use super::*;

fn versions(arrived: &[(u64, u64)], account: u64) -> Vec<u64> {
    let own = arrived.iter().filter(|(of, _)| *of == account);
    own.map(|(_, version)| *version).collect()
}

async fn rewind(stage: &Stage, to: RewindTo) -> Result<Rewind, OperationError> {
    stage.operations().rewind(NAME, to).await
}

#[tokio::test]
async fn a_relay_that_was_rewound_sends_again_what_comes_after() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let mut positions = Vec::new();
        for account in [1, 2, 1, 3, 1] {
            positions.push(stage.deposit(account).await);
        }
        stage.drain().await;
        let end = stage.checkpoint().await.position;
        let to = RewindTo::Position(positions[1]);
        let plan = stage.operations().plan_rewind(NAME, to).await.unwrap();
        assert_eq!((plan.from, plan.to, plan.events), (end, positions[1], 3));
        assert_eq!(plan.destination.as_deref(), Some("memory"));
        assert_eq!(
            stage.checkpoint().await.position,
            end,
            "a plan does nothing"
        );

        let done = rewind(&stage, to).await.unwrap();
        assert_eq!(done, plan);
        let status = stage.relay_status().await;
        assert_eq!((status.behind, status.position), (3, positions[1]));
        stage.drain().await;
        assert_eq!(stage.arrived()[5..], [(1, 2), (3, 1), (1, 3)]);
        let nothing = rewind(&stage, RewindTo::Position(end));
        assert_eq!(nothing.await.unwrap().events, 0);

        let all = rewind(&stage, RewindTo::Beginning).await;
        assert_eq!(
            (all.unwrap().events, stage.checkpoint().await.position),
            (5, Position::ZERO)
        );
        stage.drain().await;
        assert_eq!(stage.arrived()[8..], stage.arrived()[..5]);
    })
    .await;
}

#[tokio::test]
async fn a_relay_is_rewound_to_a_time_however_the_log_came_to_be() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let noon = stage.clock_now();
        // Imports: the second stream's events are older than the first one's.
        for (stream, hours) in [(1, 5), (1, 7), (2, 1), (2, 6), (2, 8), (3, 2)] {
            let event = NewEvent::new("deposited", SchemaVersion::FIRST, r#"{"cents":1}"#);
            let time = RecordedTime::Import(noon + TimeDelta::hours(hours));
            let stream = StreamId::new("account", stream.to_string()).unwrap();
            let batch = Batch::new(vec![event], time);
            let appended = stage.store.append(&stream, Expected::Any, &batch).await;
            appended.unwrap();
        }
        for (hours, again) in [
            (0, &[(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1)][..]),
            (5, &[(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1)]),
            (6, &[(1, 2), (2, 1), (2, 2), (2, 3), (3, 1)]),
            (8, &[(2, 3), (3, 1)]),
            (9, &[]),
        ] {
            stage.drain().await;
            let before = stage.arrived().len();
            let to = RewindTo::Time(noon + TimeDelta::hours(hours));
            let done = rewind(&stage, to).await.unwrap();
            assert_eq!(done.events, again.len() as u64, "{hours}");
            stage.drain().await;
            assert_eq!(&stage.arrived()[before..], again, "{hours}");
        }
    })
    .await;
}

#[tokio::test]
async fn only_a_relay_goes_back_and_only_back() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let unknown = rewind(&stage, RewindTo::Beginning).await;
        assert!(matches!(unknown, Err(OperationError::Unknown { .. })));
        let first = stage.deposit(1).await;
        stage.drain().await;
        let last = stage.deposit(1).await;
        let ahead = rewind(&stage, RewindTo::Position(last));
        let Err(OperationError::NotBehind {
            asked, position, ..
        }) = ahead.await
        else {
            panic!("events would be left out");
        };
        assert_eq!((asked, position), (last, first));
        stage.drain().await;
        assert_eq!(stage.arrived(), [(1, 1), (1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn what_waits_behind_a_rewind_is_sent_where_it_stands_in_the_log() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let first = stage.deposit(1).await;
        stage.deposits([2, 1, 2]).await;
        stage.broker.refuse(key(1));
        stage.drain().await;
        assert_eq!(stage.deliveries().await.len(), 1);
        // It was not taken at `first`, which is not behind the rewind, so it stays and holds.
        let done = rewind(&stage, RewindTo::Position(first));
        assert_eq!(done.await.unwrap().released, 0);
        stage.drain().await;
        assert_eq!(versions(&stage.arrived(), 2), [1, 2, 1, 2]);
        assert_eq!(versions(&stage.arrived(), 1), [] as [u64; 0]);
        // Behind this one it is, so it is sent again by itself.
        let done = rewind(&stage, RewindTo::Beginning);
        assert_eq!(done.await.unwrap().released, 1);
        assert_eq!(stage.deliveries().await, []);
        stage.broker.accept(&key(1));
        stage.drain().await;
        assert_eq!(versions(&stage.arrived(), 1), [1, 2]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_letter_before_a_rewind_lets_go_of_its_stream_in_order() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        let first = stage.deposit(1).await;
        stage.deposits([1, 2, 1]).await;
        stage.broker.refuse(key(1));
        for pause in [0, 1, 2, 1_000] {
            stage.wait(pause);
            stage.drain().await;
        }
        let letter = stage.letter().await;
        assert_eq!(
            (letter.position, &letter.state),
            (first, &DeliveryState::Parked)
        );
        let done = rewind(&stage, RewindTo::Position(first));
        assert_eq!(done.await.unwrap().released, 0);
        stage.broker.accept(&key(1));
        stage.operations().retry(&letter).await.unwrap();
        stage.drain().await;
        assert_eq!(versions(&stage.arrived(), 1), [1, 2, 3]);
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn what_was_skipped_stays_skipped_after_a_rewind() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposit(1).await;
        stage.drain().await;
        stage.broker.refuse(key(1));
        stage.deposits([1, 2, 1]).await;
        for pause in [0, 1, 2, 1_000] {
            stage.wait(pause);
            stage.drain().await;
        }
        let letter = stage.letter().await;
        stage.broker.accept(&key(1));
        stage
            .operations()
            .skip(&letter, "not for them")
            .await
            .unwrap();
        stage.drain().await;
        assert_eq!(versions(&stage.arrived(), 1), [1, 3]);
        let done = rewind(&stage, RewindTo::Beginning);
        let done = done.await.unwrap();
        assert_eq!((done.events, done.skipped, done.released), (4, 1, 0));
        // The first one waits now, and what follows it in its stream is found by another way.
        stage.broker.refuse(key(1));
        stage.drain().await;
        stage.broker.accept(&key(1));
        stage.wait(1_000);
        stage.drain().await;
        assert_eq!(versions(&stage.arrived(), 1), [1, 3, 1, 3]);
        let reason = "not for them".to_owned();
        assert_eq!(
            stage.letter().await.state,
            DeliveryState::Skipped { reason }
        );
    })
    .await;
}

/// A broker that takes a batch when it is let.
#[derive(Debug)]
struct Gate {
    broker: MemoryBroker,
    asked: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

#[async_trait::async_trait]
impl Publisher for Gate {
    fn destination(&self) -> String {
        self.broker.destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        if !batch.is_empty() {
            self.asked.add_permits(1);
            self.open.acquire().await.unwrap().forget();
        }
        self.broker.publish(batch).await
    }
}

#[tokio::test]
async fn a_rewind_is_not_lost_on_a_relay_that_is_sending() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2, 1, 2, 1, 2]).await;
        let (asked, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gate = Gate {
            broker: stage.broker.clone(),
            asked: Arc::clone(&asked),
            open: Arc::clone(&open),
        };
        let relay = Relay::new(NAME, Start::Beginning, gate)
            .aggregate::<Account>()
            .at_once(2);
        let running = stage.running(relay).start().await.unwrap();
        open.add_permits(2);
        asked.acquire_many(3).await.unwrap().forget();
        until("two batches are written down", async || {
            stage.checkpoint().await.position >= Position(4)
        })
        .await;
        // The third one is on its way, and another connection has the relay go back.
        let before = stage.checkpoint().await;
        let done = rewind(&stage, RewindTo::Beginning).await;
        assert_eq!(done.unwrap().from, before.position);
        assert!(stage.checkpoint().await.revision > before.revision);
        open.add_permits(1_000);
        until("everything is sent again", async || {
            let watermark = stage.store.watermark().await.unwrap();
            let checkpoint = stage.checkpoint().await;
            checkpoint.position == watermark && checkpoint.condition == Condition::Live
        })
        .await;
        running.stop().await;
        let all = [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3), (2, 3)];
        assert_eq!(stage.arrived(), [all, all].concat());
        assert_eq!(stage.deliveries().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_paused_relay_stays_so_when_it_is_rewound() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage.drain().await;
        stage.operations().pause(NAME).await.unwrap();
        rewind(&stage, RewindTo::Beginning).await.unwrap();
        assert_eq!(stage.checkpoint().await.condition, Condition::Paused);
        stage.runner().drain().await.unwrap_err();
        assert_eq!(stage.arrived().len(), 2);
        stage.operations().resume(NAME).await.unwrap();
        stage.drain().await;
        assert_eq!(stage.arrived().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_rewind_that_is_done_does_not_fail_and_counts_what_was_sent_meanwhile() {
    on_every_store(async |store| {
        let stage = Arc::new(Stage::new(store));
        stage.deposits([1, 2, 1]).await;
        stage.drain().await;
        let watched = Watched::new(Arc::clone(&stage.store));
        let operations = Operations::new(watched.clone());
        watched.before_call("begin", 1, {
            let stage = Arc::clone(&stage);
            async move {
                stage.deposits([3, 4]).await;
                stage.drain().await;
            }
        });
        let done = operations.rewind(NAME, RewindTo::Beginning).await.unwrap();
        assert_eq!((done.events, done.to), (5, Position::ZERO));
        stage.drain().await;
        assert_eq!(stage.arrived().len(), 10);

        watched.lose_consumers_after_a_begin();
        let done = operations.rewind(NAME, RewindTo::Beginning).await.unwrap();
        assert_eq!(done.events, 5);
        assert_eq!(stage.checkpoint().await.position, Position::ZERO);
    })
    .await;
}
