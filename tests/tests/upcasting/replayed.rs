//! Rebuilds and replays over a history of many shapes.

use std::sync::Arc;

use rehydrate::{EventStore, Old, Rebuild, Replay, StreamId};
use rehydrate_tests::read_models::rows_of;
use rehydrate_tests::stores::on_every_store;

use crate::models::{Balances, Journal, balances, journal, runner};
use crate::{HISTORY, STREAMS, history, of};

#[tokio::test]
async fn a_rebuild_gives_the_rows_that_are_there() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let balances_ = Balances::<1>::default();
        runner(&store)
            .projection(balances_)
            .catch_up()
            .await
            .unwrap();
        let rebuild = Rebuild::new(Arc::clone(&store), balances_).with_batch(2);
        let plan = rebuild.plan().await.unwrap();
        assert_eq!(
            plan.events,
            HISTORY.len() as u64,
            "retired events are read, too"
        );
        let built = rebuild.run().await.unwrap();
        assert_eq!(built.events, HISTORY.len() as u64);
        assert_eq!(built.position, all.last().unwrap().position);
        let diff = rebuild.diff(10).await.unwrap();
        assert_eq!((diff.added, diff.removed, diff.changed), (0, 0, 0));
        rebuild.swap(Old::Drop).await.unwrap();
        assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
        let verified = rebuild.verify(100).await.unwrap();
        assert_eq!(verified.wrong, []);
        assert_eq!(verified.streams, STREAMS.len());
        assert_eq!(verified.events, HISTORY.len());
        for stream in STREAMS {
            let name = StreamId::new("wallet", stream).unwrap();
            let refolded = rebuild.stream(&name).await.unwrap();
            assert_eq!(refolded.events, of(&all, stream).len(), "{stream}");
        }
        assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
    })
    .await;
}

async fn replayed(store: &Arc<dyn EventStore>, types: &[&str]) -> u64 {
    let replay = Replay::new(Arc::clone(store), Journal).of_types(types.iter().copied());
    replay.run().await.unwrap()
}

#[tokio::test]
async fn a_replay_chooses_by_the_type_that_is_stored() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        runner(&store).projection(Journal).catch_up().await.unwrap();
        // An older name is a type of its own; so is one that is today something else.
        assert_eq!(replayed(&store, &["opened"]).await, 2);
        assert_eq!(replayed(&store, &["opened", "created"]).await, 4);
        assert_eq!(replayed(&store, &["moved"]).await, 7);
        assert_eq!(replayed(&store, &["frozen"]).await, 4);
        assert_eq!(replayed(&store, &["spent"]).await, 2);
        assert_eq!(replayed(&store, &[]).await, HISTORY.len() as u64);
        assert_eq!(rows_of::<Journal>(&store).await, journal(&all));
    })
    .await;
}
