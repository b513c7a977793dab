use rehydrate::{FeedError, Inline, Old, Rebuild, RebuildError, ReplayError, RunError, StreamId};

use super::*;

#[tokio::test]
async fn what_the_log_keeps_is_not_fed() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let runner = Runner::new(Arc::clone(&store)).projection(Flows);
        runner.catch_up().await.unwrap();
        let feed = service.feed(&store, Flows);
        for refused in [
            feed.run_to_end().await.map(|_| ()),
            feed.start().await.map(|_| ()),
            feed.rebuild(Old::Keep).await.map(|_| ()),
        ] {
            assert!(
                matches!(refused, Err(FeedError::KeptFromLog { .. })),
                "{refused:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_fed_is_not_kept_from_the_log() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        service
            .feed(&store, <Wealths>::default())
            .run_to_end()
            .await
            .unwrap();
        // Events of the same category, in the log of this store.
        let local: Repository<Account> = Repository::new(Arc::clone(&store));
        happen(&local, [(1, deposited(1_000_000))]).await;
        let runner = Runner::new(Arc::clone(&store)).projection(<Wealths>::default());
        let refused = runner.catch_up().await;
        assert!(matches!(refused, Err(RunError::Fed { .. })), "{refused:?}");
        let stream = StreamId::new("account", "1").unwrap();
        let rebuild = Rebuild::new(Arc::clone(&store), <Wealths>::default());
        for refused in [
            rebuild.run().await.map(|_| ()),
            rebuild.swap(Old::Keep).await.map(|_| ()),
            rebuild.stream(&stream).await.map(|_| ()),
            rebuild.plan().await.map(|_| ()),
        ] {
            assert!(
                matches!(refused, Err(RebuildError::Fed { .. })),
                "{refused:?}"
            );
        }
        let replayed = rebuild.replay().run().await;
        assert!(
            matches!(
                replayed,
                Err(ReplayError::Rebuild(RebuildError::Fed { .. })
                    | ReplayError::NotIdempotent { .. })
            ),
            "{replayed:?}"
        );
        let inline = Inline::new(Arc::clone(&store)).projection(<Wealths>::default());
        happen(&Repository::new(inline), [(1, deposited(1_000_000))]).await;
        service.check::<Wealths>(&store).await;
    })
    .await;
}

#[tokio::test]
async fn an_offset_of_one_source_is_not_used_for_another() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        service.feed(&store, Flows).run_to_end().await.unwrap();
        let other = Feed::new(Arc::clone(&store), service.broker.topic("fines"), Flows);
        let refused = other.run_to_end().await;
        let Err(FeedError::OtherOrigin { stored, own, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(stored, "memory, topic account");
        assert_eq!(own, "memory, topic fines");
        other.moved_from(stored).run_to_end().await.unwrap();
        let back = service.feed(&store, Flows).run_to_end().await;
        let fed = back.unwrap();
        assert_eq!((fed.events, fed.duplicates), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_runner_that_may_not_run_a_feed_leaves_it_alone() {
    on_every_store(|store| async move {
        let service = Service::with_history().await;
        let feed = service.feed(&store, Flows);
        feed.run_to_end().await.unwrap();
        let before = status(&store, "flows").await;
        let other = Runner::new(Arc::clone(&store))
            .with_poll(Duration::from_millis(5))
            .projection(Flows)
            .projection(windows::Seen);
        let running = other.start().await.unwrap();
        let local: Repository<Account> = Repository::new(Arc::clone(&store));
        happen(&local, [(1, deposited(1_000_000))]).await;
        let position = store.watermark().await.unwrap();
        let seen = running.wait_for("seen", position, Duration::from_secs(30));
        seen.await.unwrap();
        running.stop().await;
        assert_eq!(status(&store, "flows").await, before);
        service.check::<Flows>(&store).await;
    })
    .await;
}
