use chrono::{DateTime, TimeDelta};
use futures_util::TryStreamExt;
use rehydrate::{
    Batch, CommandContext, DecodeProblem, Decoded, ErrorKind, EventStore, Expected, LoadError,
    ManualClock, NewEvent, RecordedTime, Replayed, SchemaVersion, Version,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::stores::on_every_store;
use std::sync::Arc;

use super::{ID, deposited, open_account, watched};

async fn append_stored(store: &dyn EventStore, events: &[(&str, u32, &str)]) {
    let stream = rehydrate::StreamId::new("account", ID).unwrap();
    let events = events
        .iter()
        .map(|(name, version, json)| NewEvent::new(*name, SchemaVersion(*version), *json))
        .collect();
    let batch = Batch::new(events, RecordedTime::Clock(DateTime::UNIX_EPOCH));
    store.append(&stream, Expected::Any, &batch).await.unwrap();
}

#[tokio::test]
async fn an_unknown_id_loads_as_new_and_is_not_found() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let root = accounts.load(&7).await.unwrap();
        assert!(root.is_new());
        assert_eq!(
            (&*root, root.version()),
            (&Account::default(), Version::ZERO)
        );
        assert!(accounts.find(&7).await.unwrap().is_none());
        let found = accounts.find(&ID).await.unwrap().unwrap();
        assert_eq!(
            (found.cents, found.version(), found.is_new()),
            (1_000, Version(2), false)
        );
        assert_eq!(found.stream().to_string(), "account/42");
    })
    .await;
}

#[tokio::test]
async fn a_past_version_loads_as_it_was_and_a_future_one_is_an_error() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        for cents in 1..=10 {
            accounts
                .execute(&ID, |account| account.deposit(cents))
                .await
                .unwrap();
        }
        for (version, cents) in [
            (0, 0),
            (1, 0),
            (2, 1_000),
            (3, 1_001),
            (7, 1_015),
            (12, 1_055),
        ] {
            let root = accounts.load_at(&ID, Version(version)).await.unwrap();
            assert_eq!((root.cents, root.version()), (cents, Version(version)));
        }
        let error = accounts.load_at(&ID, Version(13)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "account/42 has no version 13: its last one is 12"
        );
        assert_eq!(error.kind(), ErrorKind::Refused);
    })
    .await;
}

#[tokio::test]
async fn a_past_time_loads_as_it_was() {
    on_every_store(|store| async move {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let accounts = open_account(store).await.with_clock(Arc::clone(&clock));
        let begin = accounts.load(&ID).await.unwrap().recorded_at().unwrap();
        for hours in 1..=10 {
            clock.set(begin + TimeDelta::hours(hours));
            accounts
                .execute(&ID, |account| account.deposit(1))
                .await
                .unwrap();
        }
        let at = async |time| accounts.load_as_of(&ID, time).await.unwrap();
        assert!(at(begin - TimeDelta::microseconds(1)).await.is_new());
        assert_eq!(at(begin).await.cents, 1_000);
        assert_eq!(at(begin + TimeDelta::minutes(119)).await.cents, 1_001);
        assert_eq!(at(begin + TimeDelta::minutes(120)).await.cents, 1_002);
        assert_eq!(at(begin + TimeDelta::days(9)).await.version(), Version(12));
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_goes_back_and_an_import_that_does_not_are_told_apart() {
    on_every_store(|store| async move {
        let epoch = DateTime::UNIX_EPOCH;
        let accounts = open_account(store).await.with_clock(ManualClock::at(epoch));
        let opened = accounts.load(&ID).await.unwrap().recorded_at().unwrap();
        accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        let moved = accounts.load(&ID).await.unwrap().recorded_at().unwrap();
        assert_eq!(
            moved, opened,
            "a clock that is behind does not turn time back"
        );
        let import = CommandContext::new().recorded_at(epoch);
        let refused = accounts
            .execute_with(&ID, import, |account| account.deposit(1))
            .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
        let later = opened + TimeDelta::nanoseconds(1_000_000_999);
        let import = CommandContext::new().recorded_at(later);
        accounts
            .execute_with(&ID, import, |account| account.deposit(1))
            .await
            .unwrap();
        let kept = accounts.load(&ID).await.unwrap().recorded_at().unwrap();
        assert_eq!(
            kept - opened,
            TimeDelta::seconds(1),
            "kept to the microsecond"
        );
    })
    .await;
}

#[tokio::test]
async fn history_shows_every_event_with_the_state_after_it() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        append_stored(
            &*store,
            &[
                ("flagged", 9, r#"{"by":"someone"}"#),
                ("transferred_and_charged", 1, r#"{"cents":300,"charge":2}"#),
            ],
        )
        .await;
        let context = CommandContext::new().actor("Ada").correlation_id(17);
        let deposit = |account: &Account| account.deposit(5);
        accounts.execute_with(&ID, context, deposit).await.unwrap();
        let entries: Vec<_> = accounts.history(&ID).try_collect().await.unwrap();
        let cents: Vec<u64> = entries.iter().map(|entry| entry.state.cents).collect();
        assert_eq!(cents, [0, 1_000, 1_000, 698, 703]);
        let versions: Vec<u64> = entries.iter().map(|entry| entry.version.get()).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5]);
        assert_eq!(entries[1].events, Decoded::One(deposited(1_000)));
        assert_eq!(entries[2].events, Decoded::Retired);
        assert_eq!(
            (entries[2].event_type.as_str(), entries[2].schema_version),
            ("flagged", SchemaVersion(9))
        );
        let split = [300, 2].map(|cents| AccountEvent::Withdrawn { cents });
        assert_eq!(entries[3].events, Decoded::Many(split.into()));
        assert_eq!(entries[4].metadata.actor.as_deref(), Some("Ada"));
        assert_eq!(entries[4].metadata.correlation_id.as_deref(), Some("17"));
        assert!(entries[3].metadata.is_empty());
        let none: Vec<_> = accounts.history(&7).try_collect().await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_and_may_be_left_early() {
    let (watched, accounts) = watched();
    for _ in 0..25 {
        let ten = |_: &Account| Ok::<_, std::fmt::Error>([1; 10].map(deposited));
        accounts.execute(&ID, ten).await.unwrap();
    }
    watched.calls();
    let entries: Vec<_> = accounts.history(&ID).try_collect().await.unwrap();
    assert_eq!(entries.len(), 250);
    assert_eq!(
        watched.calls(),
        [
            "read after 0",
            "read after 100",
            "read after 200",
            "read after 250"
        ]
    );
    let mut history = accounts.history(&ID);
    history.try_next().await.unwrap().unwrap();
    drop(history);
    assert_eq!(watched.calls(), ["read after 0"]);
}

#[tokio::test]
async fn a_retired_event_at_the_end_still_counts_as_a_version() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        append_stored(&*store, &[("flagged", 1, "null")]).await;
        let root = accounts.load(&ID).await.unwrap();
        assert_eq!((root.version(), root.cents), (Version(3), 1_000));
        let account = accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        assert_eq!((account.version(), account.attempts()), (Version(4), 1));
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_an_error_that_names_it_and_is_never_skipped() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        append_stored(&*store, &[("deposited", 2, r#"{"cents":1}"#)]).await;
        let error = accounts.load(&ID).await.unwrap_err();
        let text = error.to_string();
        for part in [
            "account/42",
            "event 3",
            "position 3",
            "`deposited`",
            "schema version 2",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
        assert_eq!(error.kind(), ErrorKind::BadData);
        match error {
            LoadError::Decode(error) => {
                assert!(matches!(error.problem, DecodeProblem::NewerVersion { .. }));
            }
            other => panic!("the event cannot be read, not {other:?}"),
        }
        let mut history = accounts.history(&ID);
        let mut read = 0;
        let failed = loop {
            match history.try_next().await {
                Ok(Some(_)) => read += 1,
                Ok(None) => panic!("the history ends with the error"),
                Err(error) => break error,
            }
        };
        assert!(matches!(failed, LoadError::Decode(_)));
        assert_eq!(read, 2, "what comes before it is shown");
        assert!(history.try_next().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_load_says_what_it_took() {
    let (_, accounts) = watched();
    for _ in 0..7 {
        accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
    }
    let replayed = accounts.load(&ID).await.unwrap().replayed();
    assert_eq!(
        replayed,
        Replayed {
            snapshot: Version(5),
            events: 2
        }
    );
    let replayed = accounts
        .without_snapshots()
        .load(&ID)
        .await
        .unwrap()
        .replayed();
    assert_eq!(
        replayed,
        Replayed {
            snapshot: Version(0),
            events: 7
        }
    );
}

#[tokio::test]
async fn ids_are_those_of_all_aggregates_of_the_type() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        for id in [7, 100, 8] {
            accounts
                .execute(&id, |account| account.deposit(1))
                .await
                .unwrap();
        }
        let ids: Vec<u64> = accounts.ids().try_collect().await.unwrap();
        assert_eq!(ids, [100, ID, 7, 8], "in the byte order of their text");
    })
    .await;
}
