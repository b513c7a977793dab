//! Aggregates: loaded, looked at in the past, decided on.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use rehydrate::testing::given;
use rehydrate::{
    Aggregate, Cache, CommandContext, Decoded, EventStore, ExecuteError, LoadError, ManualClock,
    MemoryStore, Repository, SnapshotCheck, SnapshotRead, Staleness, StreamId, StreamQuery,
    Version,
};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::Watched;

use crate::domain::{Wallet, opened, paid_in, spent};
use crate::{STREAMS, append, day, folded, history, id, of, wallets};

#[tokio::test]
async fn a_load_is_the_fold_of_what_every_stored_event_is_today() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let wallets = wallets(&store);
        for stream in STREAMS {
            let stored = of(&all, stream);
            let last = stored.last().unwrap();
            let root = wallets.load(&id(stream)).await.unwrap();
            assert_eq!(*root, folded(stored.iter().copied()), "{stream}");
            assert_eq!(root.version(), last.version, "{stream}");
            assert_eq!(root.version().get(), stored.len() as u64, "{stream}");
            assert_eq!(root.position(), last.position, "{stream}");
            assert_eq!(root.recorded_at(), Some(last.recorded_at), "{stream}");
            assert!(!root.is_new(), "{stream}");
            let found = wallets.find(&id(stream)).await.unwrap();
            assert_eq!(found.unwrap().version(), last.version, "{stream}");
        }
        assert!(wallets.find(&id("zoe")).await.unwrap().is_none());
        let ids: Vec<String> = wallets.ids().try_collect().await.unwrap();
        assert_eq!(ids, STREAMS);
    })
    .await;
}

#[tokio::test]
async fn every_version_and_every_time_of_the_past_is_there() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let wallets = wallets(&store);
        for stream in STREAMS {
            let stored = of(&all, stream);
            for (index, last) in stored.iter().enumerate() {
                let expected = folded(stored[..=index].iter().copied());
                let at = wallets.load_at(&id(stream), last.version).await.unwrap();
                assert_eq!(*at, expected, "{stream} at {}", last.version);
                assert_eq!(at.position(), last.position);
                let then = wallets.load_as_of(&id(stream), last.recorded_at).await;
                let then = then.unwrap();
                assert_eq!(*then, expected, "{stream} as of {}", last.recorded_at);
                assert_eq!(then.version(), last.version);
            }
            let beyond = Version::new(stored.len() as u64 + 1);
            let error = wallets.load_at(&id(stream), beyond).await.unwrap_err();
            let is_beyond = matches!(error, LoadError::NoSuchVersion { latest, .. }
                if latest.get() == stored.len() as u64);
            assert!(is_beyond, "{error}");
            let before = wallets.load_as_of(&id(stream), day(-1)).await.unwrap();
            assert!(before.is_new());
        }
    })
    .await;
}

#[tokio::test]
async fn the_history_has_an_entry_for_each_stored_event() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        for stream in STREAMS {
            let stored = of(&all, stream);
            let entries: Vec<_> = wallets(&store)
                .history(&id(stream))
                .try_collect()
                .await
                .unwrap();
            assert_eq!(entries.len(), stored.len(), "{stream}");
            for (index, (entry, stored_here)) in entries.into_iter().zip(&stored).enumerate() {
                assert_eq!(entry.state, folded(stored[..=index].iter().copied()));
                assert_eq!(entry.version, stored_here.version);
                assert_eq!(entry.position, stored_here.position);
                assert_eq!(entry.recorded_at, stored_here.recorded_at);
                let retired = entry.event_type == "frozen";
                assert_eq!(retired, entry.events == Decoded::Retired);
                let split = entry.event_type == "moved";
                assert_eq!(split, matches!(entry.events, Decoded::Many(_)));
                let events: Vec<_> = entry.events.into_iter().collect();
                assert_eq!(events, stored_here.today);
            }
        }
    })
    .await;
}

/// A command on each stream, whatever its last event is.
async fn commands(store: &Arc<dyn EventStore>, repository: &Repository<Wallet>) {
    let all = history(store).await;
    for stream in STREAMS {
        let count = of(&all, stream).len() as u64;
        let mut expected = folded(of(&all, stream));
        let context = CommandContext::new()
            .expected_version(Version::new(count))
            .idempotency_key(format!("key of {stream}"));
        let pay = |wallet: &Wallet| wallet.pay_in(wallet.cents + 1);
        let done = repository
            .execute_with(&id(stream), context.clone(), pay)
            .await
            .unwrap();
        expected.take(&paid_in(expected.cents + 1, "new"));
        assert_eq!(*done, expected, "{stream}");
        assert_eq!(done.version().get(), count + 1);
        assert_eq!((done.attempts(), done.appended()), (1, 1));

        let again = repository.execute_with(&id(stream), context, pay).await;
        let again = again.unwrap();
        assert!(again.is_duplicate(), "{stream}");
        assert_eq!(*again, expected, "{stream}");
        assert_eq!(again.position(), done.position());

        let stale = CommandContext::new().expected_version(Version::new(count));
        let stale = repository.execute_with(&id(stream), stale, pay).await;
        let is_stale = matches!(
            stale,
            Err(ExecuteError::VersionMismatch { actual, .. }) if actual.get() == count + 1
        );
        assert!(is_stale, "{stale:?}");

        let mut root = repository.load(&id(stream)).await.unwrap();
        root.record(spent(1));
        repository.save(&mut root).await.unwrap();
        expected.take(&spent(1));
        assert_eq!(*root, expected);
        assert_eq!(root.version().get(), count + 2);

        let mut tx = store.begin().await.unwrap();
        let in_tx = repository.execute_in(&mut tx, &id(stream), pay).await;
        assert_eq!(in_tx.unwrap().version().get(), count + 3);
        tx.commit().await.unwrap();
        expected.take(&paid_in(expected.cents + 1, "new"));
        let root = repository.load(&id(stream)).await.unwrap();
        assert_eq!(*root, expected);
        assert_eq!(root.version().get(), count + 3);
    }
}

#[tokio::test]
async fn commands_follow_retired_and_split_events() {
    on_every_store(|store| async move {
        commands(&store, &wallets(&store)).await;
    })
    .await;
}

#[tokio::test]
async fn commands_follow_retired_and_split_events_with_a_cache() {
    for staleness in [Staleness::Latest, Staleness::AnyCached] {
        on_every_store(|store| async move {
            let cache = Cache::of(100).with_staleness(staleness);
            let cached = wallets(&store).with_cache(cache);
            commands(&store, &cached).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_rival_who_stores_what_was_split_or_retired_is_a_conflict_like_others() {
    on_every_store(|store| async move {
        for cache in [
            None,
            Some(Cache::of(10).with_staleness(Staleness::AnyCached)),
        ] {
            let stream = if cache.is_some() { "cached" } else { "plain" };
            append(&store, stream, ("opened", 1), r#"{"owner":"Zoe"}"#, 1).await;
            let watched = Watched::new(Arc::clone(&store));
            let mut repository: Repository<Wallet> = Repository::new(watched.clone());
            if let Some(cache) = cache {
                repository = repository.with_cache(cache);
            }
            repository.load(&id(stream)).await.unwrap();
            let rival = Arc::clone(&store);
            watched.before_an_append(async move {
                append(&rival, stream, ("moved", 1), r#"{"parts":[5,6,-1]}"#, 2).await;
                append(&rival, stream, ("frozen", 1), "{}", 3).await;
            });
            let pay = |wallet: &Wallet| wallet.pay_in(wallet.cents);
            let done = repository.execute(&id(stream), pay).await.unwrap();
            assert_eq!((done.version().get(), done.cents), (4, 20), "{stream}");
            assert_eq!(done.applied, 5);
        }
    })
    .await;
}

/// The newest snapshot of a stream.
async fn snapshot_of(store: &Arc<dyn EventStore>, stream: &str) -> Option<rehydrate::Snapshot> {
    let query = StreamQuery {
        snapshot: Wallet::SNAPSHOTS.fingerprint(),
        ..StreamQuery::new(StreamId::new("wallet", stream).unwrap())
    };
    match store.read(&query).await.unwrap().snapshot {
        SnapshotRead::Found(snapshot) => Some(snapshot),
        _ => None,
    }
}

#[tokio::test]
async fn a_snapshot_counts_stored_events_and_not_what_they_are_today() {
    on_every_store(|store| async move {
        history(&store).await;
        let wallets = wallets(&store).with_clock(ManualClock::at(day(80)));
        for (stream, count) in [("ada", 10), ("dot", 3), ("cem", 1), ("eve", 1)] {
            let pay = |wallet: &Wallet| wallet.pay_in(1);
            let done = wallets.execute(&id(stream), pay).await.unwrap();
            let snapshot = snapshot_of(&store, stream).await;
            if count + 1 < 3 {
                assert_eq!(snapshot, None, "{stream}");
                continue;
            }
            let snapshot = snapshot.unwrap();
            assert_eq!(snapshot.version, Version::new(count + 1), "{stream}");
            assert_eq!(snapshot.position, done.position());
            assert_eq!(snapshot.state, serde_json::to_string(&*done).unwrap());
            // What comes after the snapshot is split, retired, and none at all.
            append(&store, stream, ("moved", 1), r#"{"parts":[7,-1]}"#, 90).await;
            append(&store, stream, ("frozen", 1), "{}", 90).await;
            append(&store, stream, ("moved", 1), r#"{"parts":[]}"#, 91).await;
            let quick = wallets.load(&id(stream)).await.unwrap();
            let full = wallets.clone().without_snapshots();
            let full = full.load(&id(stream)).await.unwrap();
            assert_eq!(quick.replayed().snapshot.get(), count + 1);
            assert_eq!(quick.replayed().events, 3);
            assert_eq!(*quick, *full);
            assert_eq!(
                (quick.version(), quick.position()),
                (full.version(), full.position())
            );
            let snapshot = Version::new(count + 1);
            let check = wallets.verify(&id(stream)).await.unwrap();
            assert_eq!(check, SnapshotCheck::Same { snapshot });
            // Written right after a split event that is last.
            let done = wallets.execute(&id(stream), pay).await.unwrap();
            let latest = snapshot_of(&store, stream).await.unwrap();
            assert_eq!(latest.version, done.version());
            let check = wallets.verify(&id(stream)).await.unwrap();
            let snapshot = done.version();
            assert_eq!(check, SnapshotCheck::Same { snapshot });
            for version in 1..=done.version().get() {
                let version = Version::new(version);
                let quick = wallets.load_at(&id(stream), version).await.unwrap();
                let full = wallets.clone().without_snapshots();
                let full = full.load_at(&id(stream), version).await.unwrap();
                assert_eq!(*quick, *full, "{stream} at {version}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_unit_of_work_that_fails_after_a_retired_event_can_be_done_again() {
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    history(&store).await;
    let wallets = wallets(&store);
    let mut root = wallets.load(&id("gus")).await.unwrap();
    root.record(paid_in(1, "lost"));
    append(&store, "gus", ("frozen", 1), "{}", 99).await;
    let error = wallets.save(&mut root).await.unwrap_err();
    assert!(
        matches!(error, ExecuteError::Conflict { actual, .. } if actual == 3),
        "{error}"
    );
    assert_eq!(root.pending().len(), 1);
    let mut root = wallets.load(&id("gus")).await.unwrap();
    assert_eq!(root.version(), 3);
    root.record(paid_in(1, "kept"));
    wallets.save(&mut root).await.unwrap();
    assert_eq!((root.version().get(), root.cents), (4, 1));
}

#[test]
fn the_test_kit_takes_the_past() {
    given::<Wallet>([opened("Ada", 2000)])
        .and_stored("paid_in", 1, r#"{"euros":2}"#)
        .and_stored("frozen", 3, "no JSON")
        .and_stored("moved", 1, r#"{"parts":[3,-1]}"#)
        .and_stored("moved", 1, r#"{"parts":[]}"#)
        .and_stored("created", 1, r#"{"owner":"Eve"}"#)
        .when(|wallet| wallet.pay_in(1))
        .then([paid_in(1, "new")])
        .then_state(Wallet {
            owner: "Eve".to_owned(),
            year: 1970,
            cents: 203,
            notes: ["wallet/given 2 at 2 in 1970 by ", "moved", "new"]
                .map(str::to_owned)
                .into(),
            applied: 6,
        });
}
