use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join;
use rehydrate::{FeedError, Old, Role, Rows};
use rehydrate_tests::read_models::OnThirteen;

use super::*;

#[tokio::test]
async fn a_rebuilt_read_model_is_that_of_the_log() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feed = service.feed(&store, Flows).batch(7);
        feed.run_to_end().await.unwrap();
        service.publish_again(|number| number % 3 == 0).await;
        service.happens([(1, deposited(9))]).await;
        let swapped = feed.rebuild(Old::Drop).await.unwrap();
        assert_eq!((swapped.old_build, swapped.live_build), (1, 2));
        assert_eq!(swapped.old_table, None);
        assert_eq!(swapped.position.get(), 41);
        service.check::<Flows>(&store).await;
        let left = store
            .consumers()
            .unwrap()
            .feeds(Some("flows"))
            .await
            .unwrap();
        assert_eq!(left.iter().map(|it| it.build).collect::<Vec<_>>(), [2]);
        let fed = feed.run_to_end().await.unwrap();
        assert_eq!(
            (fed.events, fed.duplicates),
            (0, 0),
            "its offset came with it"
        );
        service.happens([(1, deposited(9))]).await;
        feed.run_to_end().await.unwrap();
        service.check::<Flows>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn readers_of_a_rebuild_see_the_old_or_the_new_and_never_less() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feeding = service.feed(&store, Flows).start().await.unwrap();
        until("it has begun", || async {
            let consumers = store.consumers().unwrap();
            let found = consumers.checkpoints(Some("flows")).await.unwrap();
            found.iter().any(|it| it.position.get() == 40)
        })
        .await;
        let is_over = AtomicBool::new(false);
        let rebuilding = async {
            for round in 0..3 {
                service.happens([(round, deposited(4))]).await;
                let feed = service.feed(&store, Flows).batch(5);
                feed.rebuild(Old::Keep).await.unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        };
        let reading = async {
            let rows = Rows::<Flows>::new(Arc::clone(&store));
            let mut events = 0;
            while !is_over.load(Ordering::Relaxed) {
                let read = rows.all().read().await.unwrap().rows;
                let now: u64 = read.iter().map(|flow| flow.events).sum();
                assert!(now >= events, "a reader went back from {events} to {now}");
                events = now;
                tokio::task::yield_now().await;
            }
        };
        join(rebuilding, reading).await;
        service.happens([(7, deposited(4))]).await;
        until("the running feed has moved to the new build", || async {
            status(&store, "flows").await.position.get() == 44
        })
        .await;
        feeding.stop().await;
        assert_eq!(status(&store, "flows").await.build, 4);
        service.check::<Flows>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn a_newer_version_is_built_from_the_source_before_it_runs() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let old = service.feed(&store, Wealths::<1>::default());
        old.run_to_end().await.unwrap();
        let faulty = rows_of::<Wealths<1>>(&store).await;
        service
            .feed(&store, Wealths::<2>::default())
            .run_to_end()
            .await
            .unwrap();
        service.check::<Wealths<2>>(&store).await;
        assert_ne!(rows_of::<Wealths<2>>(&store).await, faulty);
        let status = status(&store, "wealth").await;
        assert_eq!((status.version, status.role), (2, Role::Live));
        let late = old.run_to_end().await;
        assert!(
            matches!(
                late,
                Err(FeedError::NotLive {
                    live: 2,
                    own: 1,
                    ..
                })
            ),
            "{late:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_build_with_a_parked_stream_does_not_go_live() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let good = service.feed(&store, <Wealths>::default());
        good.run_to_end().await.unwrap();
        service.happens([(1, deposited(13))]).await;
        let faulty = service.feed(
            &store,
            Wealths::<2> {
                on_thirteen: OnThirteen::Fails,
            },
        );
        let refused = faulty.rebuild(Old::Keep).await;
        assert!(
            matches!(
                refused,
                Err(FeedError::Parked {
                    build: 2,
                    streams: 1,
                    ..
                })
            ),
            "{refused:?}"
        );
        good.run_to_end().await.unwrap();
        service.check::<Wealths>(&store).await;
        let operations = Operations::new(Arc::clone(&store));
        assert_eq!(operations.retry_all(Some("wealth")).await.unwrap(), 1);
        good.rebuild(Old::Keep).await.unwrap();
        service.check::<Wealths>(&store).await;
        assert_eq!(status(&store, "wealth").await.build, 2);
    })
    .await;
}

#[tokio::test]
async fn a_source_that_has_lost_events_does_not_take_the_place_of_what_has_them() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        service.feed(&store, Flows).run_to_end().await.unwrap();
        let before = rows_of::<Flows>(&store).await;
        // The topic was made anew, with less in it.
        let shorter = MemoryBroker::new();
        for event in service.broker.events(TOPIC).into_iter().take(39) {
            let key = format!("{}/{}", event.category, event.stream_id);
            let sent = shorter.publish(&[Message::new(TOPIC, key, event)]).await;
            assert!(sent[0].is_ok());
        }
        let feed = Feed::new(Arc::clone(&store), shorter.topic(TOPIC), Flows)
            .with_poll(Duration::from_millis(5));
        let refused = feed.rebuild(Old::Keep).await;
        assert!(
            matches!(refused, Err(FeedError::Behind { streams: 1, .. })),
            "{refused:?}"
        );
        assert_eq!(rows_of::<Flows>(&store).await, before);
    })
    .await;
}
