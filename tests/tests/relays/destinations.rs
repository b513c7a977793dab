use rehydrate::{
    Batch, CheckpointId, Condition, Expected, LogQuery, Message, NewEvent, PublishError, Publisher,
    RecordedTime, RelayRecord, RewindTo, Role, RunError, SchemaVersion, StreamId,
};
use tokio::sync::Semaphore;

use super::*;

/// A broker at some address.
#[derive(Debug)]
struct At(&'static str, MemoryBroker);

#[async_trait::async_trait]
impl Publisher for At {
    fn destination(&self) -> String {
        self.0.to_owned()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        self.1.publish(batch).await
    }
}

fn at(address: &'static str, broker: &MemoryBroker) -> Relay {
    let publisher = At(address, broker.clone());
    Relay::new(NAME, Start::Beginning, publisher).aggregate::<Account>()
}

#[tokio::test]
async fn a_relay_is_of_a_kind_of_its_own_and_says_where_it_sends() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage
            .running(at("one", &stage.broker))
            .drain()
            .await
            .unwrap();
        let status = stage.relay_status().await;
        let relay = status.relay.unwrap();
        assert_eq!(relay.destination.as_deref(), Some("one"));
        assert_eq!(relay.categories, ["account"]);
        assert_eq!(relay.confirmed_at, Some(stage.clock_now()));
        assert_eq!(relay.last_error, None);
        assert_eq!((status.behind, status.lag), (0, None));
    })
    .await;
}

#[tokio::test]
async fn a_relay_does_not_skip_what_another_broker_never_got() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage
            .running(at("one", &stage.broker))
            .drain()
            .await
            .unwrap();
        stage.deposit(1).await;
        let other = MemoryBroker::new();
        let second = || stage.running(at("two", &other));
        let refusals = [
            second().drain().await.map(drop),
            second().start().await.map(drop),
        ];
        for refused in refusals {
            let Err(error @ RunError::OtherDestination { .. }) = refused else {
                panic!("{refused:?}");
            };
            let text = error.to_string();
            for word in [NAME, "one", "two", "another name", "moved_from", "rewind"] {
                assert!(text.contains(word), "{text}");
            }
        }
        assert_eq!(other.events(TOPIC).len(), 0, "nothing is sent");
        let relay = stage.relay_status().await.relay.unwrap();
        assert_eq!(relay.destination.as_deref(), Some("one"));
        let (error, at_time) = relay.last_error.unwrap();
        assert!(error.contains("two"), "{error}");
        assert_eq!(at_time, stage.clock_now());

        stage
            .running(at("one", &stage.broker))
            .drain()
            .await
            .unwrap();
        assert_eq!(stage.arrived(), [(1, 1), (2, 1), (1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_has_moved_gets_what_it_has_not() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage
            .running(at("old", &stage.broker))
            .drain()
            .await
            .unwrap();
        stage.deposit(1).await;
        let stranger = at("new", &stage.broker).moved_from("elsewhere");
        let refused = stage.running(stranger).drain().await;
        assert!(matches!(refused, Err(RunError::OtherDestination { .. })));
        for _ in 0..2 {
            let moved = at("new", &stage.broker).moved_from("old");
            stage.running(moved).drain().await.unwrap();
        }
        stage
            .running(at("new", &stage.broker))
            .drain()
            .await
            .unwrap();
        assert_eq!(stage.arrived(), [(1, 1), (2, 1), (1, 2)]);
        let back = stage.running(at("old", &stage.broker)).drain().await;
        assert!(matches!(back, Err(RunError::OtherDestination { .. })));
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_has_sent_nothing_may_have_any_broker() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage
            .running(at("one", &stage.broker))
            .drain()
            .await
            .unwrap();
        stage.deposit(1).await;
        stage
            .running(at("two", &stage.broker))
            .drain()
            .await
            .unwrap();
        assert_eq!(stage.arrived(), [(1, 1)]);
        let relay = stage.relay_status().await.relay.unwrap();
        assert_eq!(relay.destination.as_deref(), Some("two"));
    })
    .await;
}

/// A broker that has got a batch, and says so when it is let.
#[derive(Debug)]
struct Slow {
    broker: At,
    asked: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

#[async_trait::async_trait]
impl Publisher for Slow {
    fn destination(&self) -> String {
        self.broker.destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let outcomes = self.broker.publish(batch).await;
        if !batch.is_empty() {
            self.asked.add_permits(1);
            self.open.acquire().await.unwrap().forget();
        }
        outcomes
    }
}

#[tokio::test]
async fn what_one_broker_has_got_is_not_written_down_as_what_another_has() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        let (asked, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let slow = Slow {
            broker: At("one", stage.broker.clone()),
            asked: Arc::clone(&asked),
            open: Arc::clone(&open),
        };
        let relay = Relay::new(NAME, Start::Beginning, slow).aggregate::<Account>();
        let runner = stage.running(relay).with_lease(Duration::from_secs(6));
        let running = runner.start().await.unwrap();
        asked.acquire().await.unwrap().forget();
        // Nothing is heard of it for so long that its lease is over …
        let led = stage.checkpoint().await;
        let (owner, _) = led.lease.unwrap();
        let consumers = stage.store.consumers().unwrap();
        consumers.release(&led.id, &owner).await.unwrap();
        // … and another program with another broker begins where it has begun, and gets nowhere.
        let other = MemoryBroker::new();
        other.set_available(false);
        let second = || stage.running(at("two", &other));
        second().drain().await.unwrap_err();
        until("the first one is heard of again", async || {
            stage.checkpoint().await.lease.is_some()
        })
        .await;
        open.add_permits(1_000);
        let watermark = stage.store.watermark().await.unwrap();
        until("it has written down what it has sent", async || {
            stage.checkpoint().await.position == watermark
        })
        .await;
        running.stop().await;
        other.set_available(true);
        let refused = second().drain().await;
        assert!(
            matches!(refused, Err(RunError::OtherDestination { .. })),
            "{refused:?}, and {} events are there",
            other.events(TOPIC).len()
        );
    })
    .await;
}

#[tokio::test]
async fn what_one_broker_has_confirmed_is_not_said_of_another() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        let first = stage.running(at("one", &stage.broker));
        first.drain().await.unwrap();
        let rewound = stage.operations().rewind(NAME, RewindTo::Beginning).await;
        assert_eq!(rewound.unwrap().events, 2);
        let other = MemoryBroker::new();
        other.set_available(false);
        let second = stage.running(at("two", &other));
        second.drain().await.unwrap_err();
        let relay = stage.relay_status().await.relay.unwrap();
        assert_eq!(relay.destination.as_deref(), Some("two"));
        assert_eq!(relay.confirmed_at, None, "it was the other one");
        other.set_available(true);
        second.drain().await.unwrap();
        let relay = stage.relay_status().await.relay.unwrap();
        assert_eq!(relay.confirmed_at, Some(stage.clock_now()));
        assert_eq!(other.events(TOPIC).len(), 2);
    })
    .await;
}

/// The checkpoint of a relay, or of a reactor, as programs had it before relays were told apart.
async fn as_before(stage: &Stage, is_old: bool) {
    let watermark = stage.store.watermark().await.unwrap();
    let consumers = stage.store.consumers().unwrap();
    let checkpoint = Checkpoint {
        id: CheckpointId {
            consumer: NAME.to_owned(),
            build: 1,
            shard: 0,
        },
        kind: ConsumerKind::Reactor,
        definition: 1,
        role: Role::Live,
        table: None,
        position: watermark,
        revision: 0,
        condition: Condition::Live,
        event_at: None,
        changed_at: stage.clock_now(),
        lease: None,
    };
    consumers.create_build(&[checkpoint]).await.unwrap();
    if is_old {
        // As the migration writes it.
        let mut transaction = stage.store.begin().await.unwrap();
        let within = transaction.consumers().unwrap();
        within.put_relay(&RelayRecord::new(NAME, 1)).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_relay_goes_on_from_its_checkpoint_of_before_it_was_of_a_kind_of_its_own() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        as_before(&stage, true).await;
        stage.deposit(1).await;
        stage
            .running(at("one", &stage.broker))
            .drain()
            .await
            .unwrap();
        assert_eq!(stage.arrived(), [(1, 2)]);
        let relay = stage.relay_status().await.relay.unwrap();
        assert_eq!(relay.destination.as_deref(), Some("one"));
    })
    .await;
}

#[tokio::test]
async fn a_relay_does_not_take_the_checkpoint_of_a_reactor() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        as_before(&stage, false).await;
        let refused = stage.running(at("one", &stage.broker)).drain().await;
        let Err(RunError::NotARelay { consumer }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(consumer, NAME);
        assert_eq!(stage.checkpoint().await.kind, ConsumerKind::Reactor);
        let log = stage.store.read_log(&LogQuery::after(Position::ZERO)).await;
        assert_eq!(log.unwrap().events.len(), 2);
        assert_eq!(stage.arrived(), []);
    })
    .await;
}

/// Something happens that the relay does not send.
async fn foreign(stage: &Stage) {
    let event = NewEvent::new("rang", SchemaVersion::FIRST, "{}");
    let batch = Batch::new(vec![event], RecordedTime::Clock(stage.clock_now()));
    let stream = StreamId::new("bell", "1").unwrap();
    let appended = stage.store.append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
}

#[tokio::test]
async fn a_status_counts_the_events_of_a_relay_and_keeps_its_last_error() {
    on_every_store(async |store| {
        let stage = Stage::new(store);
        stage.deposits([1, 2]).await;
        stage.drain().await;
        let confirmed_at = stage.clock_now();
        stage.wait(60);
        stage.deposit(1).await;
        foreign(&stage).await;
        stage.deposits([1, 1]).await;
        stage.broker.set_available(false);
        stage.runner().drain().await.unwrap_err();
        let status = stage.relay_status().await;
        assert_eq!(status.behind, 3);
        assert!(status.lag.is_some());
        let relay = status.relay.unwrap();
        assert_eq!(relay.confirmed_at, Some(confirmed_at));
        let (error, at) = relay.last_error.unwrap();
        assert!(error.contains("the broker is unavailable"), "{error}");
        assert_eq!(at, stage.clock_now());

        stage.broker.set_available(true);
        stage.broker.refuse(key(1));
        stage.deposit(2).await;
        stage.wait(60);
        stage.drain().await;
        let status = stage.relay_status().await;
        assert_eq!((status.behind, status.parked), (0, 1));
        assert_eq!(status.parked_since, Some(stage.clock_now()));
        let relay = status.relay.unwrap();
        assert_eq!(relay.confirmed_at, Some(stage.clock_now()));
        let (error, _) = relay.last_error.unwrap();
        assert!(
            error.contains("messages of account/1 are refused"),
            "{error}"
        );

        stage.broker.accept(&key(1));
        stage.wait(60);
        stage.drain().await;
        let status = stage.relay_status().await;
        assert_eq!((status.parked, status.parked_since), (0, None));
        let (_, at) = status.relay.unwrap().last_error.unwrap();
        assert_eq!(at, stage.clock_now() - TimeDelta::seconds(60));
    })
    .await;
}
