use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use proptest::prelude::*;
use rehydrate::{Begin, MemoryStore, MemoryTopic, Offset, Reader, Received, Source, SourceError};
use rehydrate_tests::read_models::{Flows, Wealths};

use super::*;

#[tokio::test]
async fn what_is_published_twice_counts_once() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        // A relay that has lost its checkpoint, and then one that repeats some at random.
        service.publish("another relay").await;
        service.publish_again(|number| number % 7 == 3).await;
        let fed = service.feed(&store, Flows).batch(9).run_to_end().await;
        let fed = fed.unwrap();
        let messages = service.broker.events(TOPIC).len() as u64;
        assert_eq!((fed.events, fed.duplicates), (40, messages - 40));
        service.check::<Flows>(&store).await;
        service.publish_again(|_| true).await;
        service.happens([(1, deposited(3))]).await;
        let fed = service.feed(&store, Flows).run_to_end().await.unwrap();
        assert_eq!((fed.events, fed.duplicates), (1, messages));
        service.check::<Flows>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn the_offset_is_in_the_database_and_begins_the_next_run() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        service.feed(&store, Flows).run_to_end().await.unwrap();
        let places = store.consumers().unwrap().feeds(Some("flows")).await;
        let place = places.unwrap().remove(0);
        assert_eq!(place.origin, "memory, topic account");
        assert_eq!(place.offset, Some(Offset("40".to_owned())));
        let shown = status(&store, "flows").await.feed.unwrap();
        assert_eq!(shown, place);
        // Where a new one would begin is of no concern to one that has begun.
        let feed = service.feed(&store, Flows).begin(Begin::Beginning);
        let fed = feed.run_to_end().await.unwrap();
        assert_eq!((fed.events, fed.duplicates), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn events_that_are_several_today_are_counted_by_part() {
    use rehydrate::{Batch, Expected, NewEvent, RecordedTime, SchemaVersion, StreamId};
    on_every_store(|store| async move {
        let service = Service::new();
        service.happens([(1, deposited(100))]).await;
        let stream = StreamId::new("account", "1").unwrap();
        for (event_type, payload) in [
            ("flagged", "{}"),
            ("transferred_and_charged", r#"{"cents":5,"charge":1}"#),
        ] {
            let event = NewEvent::new(event_type, SchemaVersion::FIRST, payload);
            let batch = Batch::new(vec![event], RecordedTime::Clock(chrono::Utc::now()));
            let appended = service.log.append(&stream, Expected::Any, &batch).await;
            appended.unwrap();
        }
        service.happens([(1, deposited(1))]).await;
        service.publish("another relay").await;
        let ids: Vec<String> = service
            .broker
            .events(TOPIC)
            .into_iter()
            .map(|it| it.id)
            .collect();
        assert_eq!(ids.len(), 8, "a retired event is not published");
        assert_eq!(format!("{}:1", ids[1]), ids[2]);
        for batch in [1, 2, 100] {
            let store: Arc<dyn EventStore> = match batch {
                1 => Arc::clone(&store),
                _ => Arc::new(MemoryStore::new()),
            };
            let feed = service.feed(&store, <Wealths>::default()).batch(batch);
            let fed = feed.run_to_end().await.unwrap();
            assert_eq!((fed.events, fed.duplicates), (4, 4));
            service.check::<Wealths>(&store).await;
            service
                .feed(&store, windows::Seen)
                .run_to_end()
                .await
                .unwrap();
            service.check::<windows::Seen>(&store).await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_feeds_at_once_take_each_event_once() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let one = service.feed(&store, Flows).batch(3);
        let other = service.feed(&store, Flows).batch(5);
        let (one, other) = join(one.run_to_end(), other.run_to_end()).await;
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.events + other.events, 40);
        service.check::<Flows>(&store).await;

        let feeds = [service.feed(&store, Flows), service.feed(&store, Flows)];
        let [one, other] = feeds;
        let one = one.start().await.unwrap();
        let other = other.start().await.unwrap();
        for round in 0..10 {
            service.happens([(round, deposited(2))]).await;
        }
        until("everything is taken", || async {
            status(&store, "flows").await.position.get() == 50
        })
        .await;
        one.stop().await;
        service.happens([(3, deposited(2))]).await;
        until("the other one goes on", || async {
            status(&store, "flows").await.position.get() == 51
        })
        .await;
        other.stop().await;
        service.check::<Flows>(&store).await;
    })
    .await;
}

/// A topic that ends a run after so many messages, wherever that is.
#[derive(Debug)]
struct Dying {
    topic: MemoryTopic,
    after: usize,
}

struct DyingReader(Box<dyn Reader>, usize);

#[async_trait::async_trait]
impl Source for Dying {
    fn origin(&self) -> String {
        self.topic.origin()
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        let reader = self.topic.open(begin).await?;
        Ok(Box::new(DyingReader(reader, self.after)))
    }
}

#[async_trait::async_trait]
impl Reader for DyingReader {
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError> {
        if self.1 == 0 {
            return Err(SourceError::Unavailable {
                origin: "the topic".to_owned(),
                reason: "a test wants it so".to_owned(),
                source: None,
            });
        }
        let received = self.0.next(limit.min(self.1), wait).await?;
        self.1 -= received.messages.len();
        Ok(received)
    }
}

#[derive(Clone, Copy, Debug)]
enum Stop {
    /// The source is gone after so many messages.
    Source(usize),
    /// The program is gone when it has been asked to run so often.
    Dropped(usize),
}

fn stops() -> impl Strategy<Value = Vec<(usize, Stop)>> {
    let stop = prop_oneof![
        (1..20_usize).prop_map(Stop::Source),
        (0..60_usize).prop_map(Stop::Dropped),
    ];
    prop::collection::vec((1..12_usize, stop), 0..8)
}

/// Polls a run so often, and drops it then.
async fn dropped_after(polls: usize, run: impl Future) {
    let mut run = std::pin::pin!(run);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        run.as_mut().poll(context).map(|_| ())
    })
    .await;
}

async fn stopped_and_resumed(store: Arc<dyn EventStore>, stops: &[(usize, Stop)]) {
    let service = Service::with_history().await;
    service.publish_again(|number| number % 5 == 2).await;
    for (batch, stop) in stops {
        match stop {
            Stop::Source(after) => {
                let dying = Dying {
                    topic: service.topic(),
                    after: *after,
                };
                let feed = Feed::new(Arc::clone(&store), dying, Flows).batch(*batch);
                let _ = feed.run_to_end().await;
            }
            Stop::Dropped(polls) => {
                let feed = service.feed(&store, Flows).batch(*batch);
                dropped_after(*polls, feed.run_to_end()).await;
            }
        }
    }
    service.feed(&store, Flows).run_to_end().await.unwrap();
    assert_eq!(status(&store, "flows").await.position.get(), 40);
    service.check::<Flows>(&store).await;
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn a_feed_that_ends_anywhere_goes_on_without_a_loss_and_without_a_repetition(stops in stops()) {
        run(stopped_and_resumed(Arc::new(MemoryStore::new()), &stops));
    }
}

#[test]
fn a_feed_that_ends_anywhere_goes_on_in_every_database() {
    run(on_every_store(|store| async move {
        let stops = [
            (3, Stop::Dropped(7)),
            (7, Stop::Source(11)),
            (2, Stop::Dropped(25)),
            (5, Stop::Source(4)),
            (1, Stop::Dropped(60)),
            (4, Stop::Dropped(90)),
        ];
        stopped_and_resumed(store, &stops).await;
    }));
}
