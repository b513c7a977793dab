use std::sync::Mutex;

use rehydrate::{
    Condition, Delivery, DeliveryState, FeedError, OperationError, Position, StreamId, Unreadable,
};
use rehydrate_tests::read_models::{OnThirteen, Wealth};
use rehydrate_tests::watched::{Watched, unavailable};

use super::*;

fn faulty() -> Wealths {
    Wealths {
        on_thirteen: OnThirteen::Fails,
    }
}

fn operations(store: &Arc<dyn EventStore>) -> Operations {
    Operations::new(Arc::clone(store))
}

async fn letters(store: &Arc<dyn EventStore>) -> Vec<Delivery> {
    let letters = operations(store).dead_letters(Some("wealth")).await;
    letters.unwrap()
}

async fn waiting(store: &Arc<dyn EventStore>, account: u64) -> usize {
    let stream = StreamId::new("account", account.to_string()).unwrap();
    let mut transaction = store.begin().await.unwrap();
    let consumers = transaction.consumers().unwrap();
    let waiting = consumers.waiting("wealth", 1, &stream, Position::ZERO, 99);
    let waiting = waiting.await.unwrap().len();
    transaction.rollback().await.unwrap();
    waiting
}

fn seen(rows: &[Wealth]) -> Vec<(u64, i64, u32)> {
    let rows = rows.iter();
    rows.map(|row| (row.account, row.cents, row.events))
        .collect()
}

#[tokio::test]
async fn an_event_that_fails_parks_its_stream_and_no_other() {
    for batch in [1, 2, 100] {
        on_every_store(|store| async move {
            let service = Service::new();
            let events = [
                (1, opened("Ada")),
                (1, deposited(13)),
                (2, deposited(5)),
                (1, deposited(2)),
                (2, deposited(6)),
            ];
            service.happens(events).await;
            let feed = service.feed(&store, faulty()).batch(batch);
            let fed = feed.run_to_end().await.unwrap();
            assert_eq!((fed.events, fed.parked), (5, 1));
            service
                .happens([(1, deposited(3)), (3, deposited(4))])
                .await;
            service.publish_again(|_| true).await;
            assert_eq!(feed.run_to_end().await.unwrap().parked, 1, "it still does");
            let rows = rows_of::<Wealths>(&store).await;
            assert_eq!(seen(&rows), [(1, 0, 1), (2, 11, 2), (3, 4, 1)]);
            assert_eq!(status(&store, "wealth").await.parked, 1);

            let letters = letters(&store).await;
            assert_eq!(letters.len(), 1, "{letters:?}");
            let letter = &letters[0];
            assert_eq!(letter.state, DeliveryState::Parked);
            assert_eq!(letter.stream.to_string(), "account/1");
            assert_eq!((letter.version.get(), letter.position.get()), (2, 2));
            assert_eq!(letter.error.as_deref(), Some("thirteen is unlucky"));
            assert_eq!(
                waiting(&store, 1).await,
                3,
                "what comes after it waits, once"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_parked_stream_goes_on_once_it_is_retried_with_the_fault_repaired() {
    on_every_store(|store| async move {
        let service = Service::new();
        service.happens(history()).await;
        let broken = [(1, deposited(13)), (2, deposited(13)), (1, withdrawn(1))];
        service.happens(broken).await;
        service.feed(&store, faulty()).run_to_end().await.unwrap();
        service
            .happens([(1, deposited(1)), (2, deposited(1))])
            .await;
        service.feed(&store, faulty()).run_to_end().await.unwrap();
        let letter = letters(&store).await.remove(0);

        // Not repaired yet.
        operations(&store).retry(&letter).await.unwrap();
        service.feed(&store, faulty()).run_to_end().await.unwrap();
        let again = letters(&store).await.remove(0);
        assert_eq!((again.attempts, again.position), (2, letter.position));
        assert_eq!(again.first_at, letter.first_at);

        operations(&store).retry(&again).await.unwrap();
        let feed = service.feed(&store, <Wealths>::default());
        assert_eq!(
            feed.run_to_end().await.unwrap().parked,
            1,
            "the other one is parked still"
        );
        assert_eq!(letters(&store).await.len(), 1);
        let count = operations(&store).retry_all(Some("wealth")).await;
        assert_eq!(count.unwrap(), 1);
        let feeding = feed.start().await.unwrap();
        until("the letters are settled", || async {
            letters(&store).await.is_empty()
        })
        .await;
        service
            .happens([(1, deposited(2)), (2, deposited(2))])
            .await;
        until("it goes on", || async {
            status(&store, "wealth").await.position.get() == 47
        })
        .await;
        feeding.stop().await;
        service.check::<Wealths>(&store).await;
        assert_eq!(waiting(&store, 1).await + waiting(&store, 2).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_stream_goes_on_without_an_event_that_is_skipped() {
    on_every_store(|store| async move {
        let service = Service::new();
        let thirteen = [1, 13, 2, 13, 4].map(|cents| (1, deposited(cents)));
        service.happens(thirteen).await;
        let feed = service.feed(&store, faulty());
        feed.run_to_end().await.unwrap();
        for (expected, rows) in [(4, (1, 3, 2)), (0, (1, 7, 3))] {
            let all = letters(&store).await;
            let parked = |it: &&Delivery| it.state == DeliveryState::Parked;
            let letter = all.iter().find(parked).unwrap();
            let without = operations(&store).skip(letter, " ").await;
            assert!(matches!(without, Err(OperationError::NoReason)));
            operations(&store).skip(letter, "unlucky").await.unwrap();
            let late = operations(&store).retry(letter).await;
            assert!(matches!(late, Err(OperationError::Settled { .. })));
            feed.run_to_end().await.unwrap();
            assert_eq!(seen(&rows_of::<Wealths>(&store).await), [rows]);
            let parked = letters(&store).await;
            let parked = parked.iter().find(|it| it.state == DeliveryState::Parked);
            assert_eq!(parked.map_or(0, |it| it.version.get()), expected);
        }
        service.happens([(1, deposited(5))]).await;
        service.publish_again(|_| true).await;
        feed.run_to_end().await.unwrap();
        assert_eq!(seen(&rows_of::<Wealths>(&store).await), [(1, 12, 4)]);
        assert_eq!(waiting(&store, 1).await, 0);
        assert_eq!(letters(&store).await.len(), 2, "they stay on file");
    })
    .await;
}

#[tokio::test]
async fn a_paused_feed_stands_still_until_it_is_resumed() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feed = service.feed(&store, <Wealths>::default());
        let feeding = feed.start().await.unwrap();
        until("it is live", || async {
            status(&store, "wealth").await.condition == Condition::Live
        })
        .await;
        operations(&store).pause("wealth").await.unwrap();
        service.happens([(1, deposited(1))]).await;
        let ended = feed.run_to_end().await;
        assert!(matches!(ended, Err(FeedError::Paused { .. })), "{ended:?}");
        assert_eq!(status(&store, "wealth").await.position.get(), 40);
        operations(&store).resume("wealth").await.unwrap();
        until("it has gone on", || async {
            status(&store, "wealth").await.position.get() == 41
        })
        .await;
        feeding.stop().await;
        service.check::<Wealths>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_no_event_stops_the_feed_at_its_place() {
    on_every_store(|store| async move {
        let service = Service::new();
        service
            .happens([(1, deposited(1)), (2, deposited(2))])
            .await;
        service.broker.put(TOPIC, "account/1", "no event");
        service.happens([(1, deposited(4))]).await;
        let feed = service.feed(&store, <Wealths>::default());
        for _ in 0..2 {
            let stopped = feed.run_to_end().await;
            let Err(FeedError::Unreadable { place, .. }) = stopped else {
                panic!("{stopped:?}");
            };
            assert_eq!(place, "memory, topic account, message 3");
            assert_eq!(status(&store, "wealth").await.position.get(), 2);
        }
        let feeding = feed.start().await.unwrap();
        until("the checkpoint says so", || async {
            let condition = status(&store, "wealth").await.condition;
            matches!(condition, Condition::Failed { error } if error.contains("message 3"))
        })
        .await;
        feeding.stop().await;

        let elsewhere = feed
            .clone()
            .pass_over("memory, topic account, message 4", "wrong");
        assert!(elsewhere.run_to_end().await.is_err());
        let place = "memory, topic account, message 3";
        let decided = feed.clone().pass_over(place, "a test wrote it");
        let fed = decided.run_to_end().await.unwrap();
        assert_eq!((fed.events, fed.unreadable), (1, 1));
        service.check::<Wealths>(&store).await;
        assert_eq!(status(&store, "wealth").await.condition, Condition::Live);

        service
            .broker
            .put(TOPIC, "account/1", r#"{"specversion":"1.0"}"#);
        service.happens([(3, deposited(4))]).await;
        let lenient = feed.unreadable(Unreadable::Skip);
        assert_eq!(lenient.run_to_end().await.unwrap().unreadable, 1);
        service.check::<Wealths>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn events_of_other_categories_are_passed() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let mut foreign = service.broker.events(TOPIC).remove(0);
        foreign.category = "payment".to_owned();
        foreign.id = "not even a uuid".to_owned();
        let message = Message::new(TOPIC, "payment/1", foreign);
        let sent = service.broker.publish(&[message]).await;
        assert!(sent[0].is_ok());
        let fed = service.feed(&store, Flows).run_to_end().await.unwrap();
        assert_eq!((fed.events, fed.foreign), (40, 1));
        let again = service.feed(&store, Flows).run_to_end().await.unwrap();
        assert_eq!((again.events, again.foreign), (0, 0));
    })
    .await;
}

/// A topic that can be told to be away.
#[derive(Clone, Debug)]
struct Away {
    topic: MemoryTopic,
    is_away: Arc<Mutex<bool>>,
}

struct AwayReader(Box<dyn rehydrate::Reader>, Away);

impl Away {
    fn set(&self, is_away: bool) {
        *self.is_away.lock().unwrap() = is_away;
    }

    fn check(&self) -> Result<(), rehydrate::SourceError> {
        if *self.is_away.lock().unwrap() {
            return Err(rehydrate::SourceError::Unavailable {
                origin: "the topic".to_owned(),
                reason: "nobody answers".to_owned(),
                source: None,
            });
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl rehydrate::Source for Away {
    fn origin(&self) -> String {
        self.topic.origin()
    }

    async fn open(
        &self,
        begin: &rehydrate::Begin,
    ) -> Result<Box<dyn rehydrate::Reader>, rehydrate::SourceError> {
        self.check()?;
        Ok(Box::new(AwayReader(
            self.topic.open(begin).await?,
            self.clone(),
        )))
    }
}

#[async_trait::async_trait]
impl rehydrate::Reader for AwayReader {
    async fn next(
        &mut self,
        limit: usize,
        wait: Duration,
    ) -> Result<rehydrate::Received, rehydrate::SourceError> {
        self.1.check()?;
        let received = self.0.next(limit, wait).await?;
        self.1.check()?;
        Ok(received)
    }
}

#[tokio::test]
async fn a_feed_waits_for_its_source_and_its_store_and_says_so() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let away = Away {
            topic: service.topic(),
            is_away: Arc::default(),
        };
        let watched = Watched::new(Arc::clone(&store));
        let feed = Feed::new(watched.clone(), away.clone(), Flows)
            .batch(7)
            .with_poll(Duration::from_millis(5));
        let feeding = feed.start().await.unwrap();
        until("the history is taken", || async {
            status(&store, "flows").await.condition == Condition::Live
        })
        .await;
        away.set(true);
        service.happens([(1, deposited(1))]).await;
        until("the checkpoint says that the source is away", || async {
            let condition = status(&store, "flows").await.condition;
            matches!(condition, Condition::Retrying { error, .. } if error.contains("nobody answers"))
        })
        .await;
        assert_eq!(status(&store, "flows").await.position.get(), 40);
        away.set(false);
        until("it goes on", || async {
            let status = status(&store, "flows").await;
            status.position.get() == 41 && status.condition == Condition::Live
        })
        .await;
        for _ in 0..3 {
            watched.fail_a_begin(unavailable());
        }
        service.happens([(1, deposited(1))]).await;
        until("it goes on", || async {
            let status = status(&store, "flows").await;
            status.position.get() == 42 && status.condition == Condition::Live
        })
        .await;
        feeding.stop().await;
        service.check::<Flows>(&store).await;
    })
    .await;
}
