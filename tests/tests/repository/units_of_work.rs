use std::collections::BTreeMap;

use rehydrate::{
    Aggregate, CommandContext, ErrorKind, Event, ExecuteError, InvalidCommand, MemoryStore,
    Repository, Version,
};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::unavailable;
use serde::{Deserialize, Serialize};

use super::{ID, deposited, open_account, opened, watched};

#[tokio::test]
async fn recorded_events_are_in_the_state_at_once_and_in_the_store_after_the_save() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let mut root = accounts.load(&ID).await.unwrap();
        root.record(deposited(1));
        root.record(deposited(2));
        assert_eq!(
            (root.cents, root.version(), root.pending().len()),
            (1_003, Version(2), 2)
        );
        accounts.save(&mut root).await.unwrap();
        assert_eq!((root.version(), root.pending().len()), (Version(4), 0));
        let stored = accounts.load(&ID).await.unwrap();
        assert_eq!((stored.cents, stored.position()), (1_003, root.position()));
        root.record(deposited(4));
        accounts.save(&mut root).await.unwrap();
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_007);
    })
    .await;
}

#[tokio::test]
async fn a_save_with_nothing_pending_asks_the_store_nothing() {
    let (watched, accounts) = watched();
    let mut root = accounts.load(&ID).await.unwrap();
    watched.calls();
    accounts.save(&mut root).await.unwrap();
    assert!(watched.calls().is_empty());
}

#[tokio::test]
async fn a_failed_save_loses_no_pending_event_and_marks_none_as_saved() {
    let (watched, accounts) = watched();
    let mut root = accounts.load(&ID).await.unwrap();
    root.record(opened());
    root.record(deposited(5));
    watched.fail_an_append(unavailable());
    let error = accounts.save(&mut root).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TryAgain);
    assert_eq!(
        (root.pending().len(), root.version(), root.is_new()),
        (2, Version(0), true)
    );
    accounts.save(&mut root).await.unwrap();
    assert_eq!((root.pending().len(), root.version()), (0, Version(2)));
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 5);
}

#[tokio::test]
async fn a_save_on_a_moved_stream_is_a_conflict_each_time() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let mut root = accounts.load(&ID).await.unwrap();
        root.record(deposited(5));
        accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        for _ in 0..2 {
            let error = accounts.save(&mut root).await.unwrap_err();
            assert!(matches!(
                error,
                ExecuteError::Conflict {
                    actual: Version(3),
                    ..
                }
            ));
            assert_eq!(root.pending().len(), 1);
        }
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_001);
    })
    .await;
}

#[tokio::test]
async fn what_is_saved_in_a_transaction_counts_once_it_commits_and_is_pending_again_if_not() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let mut root = accounts.load(&ID).await.unwrap();
        root.record(deposited(5));

        let mut tx = store.begin().await.unwrap();
        accounts.save_in(&mut tx, &mut root).await.unwrap();
        root.record(deposited(6));
        accounts.save_in(&mut tx, &mut root).await.unwrap();
        assert_eq!(
            (root.version(), root.pending().len()),
            (Version(2), 2),
            "not yet"
        );
        drop(tx);
        assert_eq!(
            (root.version(), root.pending().len()),
            (Version(2), 2),
            "not at all"
        );

        let mut tx = store.begin().await.unwrap();
        accounts.save_in(&mut tx, &mut root).await.unwrap();
        root.record(deposited(7));
        tx.commit().await.unwrap();
        assert_eq!((root.version(), root.pending().len()), (Version(4), 1));
        accounts.save(&mut root).await.unwrap();
        assert_eq!((root.version(), root.pending().len()), (Version(5), 0));
        let stored = accounts.load(&ID).await.unwrap();
        assert_eq!((stored.cents, stored.version()), (1_018, Version(5)));
        assert_eq!(stored.position(), root.position());
    })
    .await;
}

#[tokio::test]
async fn a_save_with_a_repeated_key_appends_nothing_and_shows_the_first_outcome() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let key = || CommandContext::new().idempotency_key("key");
        for _ in 0..2 {
            let mut root = accounts.load(&ID).await.unwrap();
            root.record(deposited(5));
            accounts.save_with(&mut root, key()).await.unwrap();
            assert_eq!((root.cents, root.version()), (1_005, Version(3)));
            assert!(root.pending().is_empty());
        }
        assert_eq!(accounts.load(&ID).await.unwrap().version(), Version(3));
    })
    .await;
}

#[derive(Event, Serialize, Deserialize)]
enum OddEvent {
    Mapped { entries: BTreeMap<(u8, u8), u8> },
    Counted,
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = OddEvent)]
struct Odd;

impl ApplyOddEvent for Odd {
    fn mapped(&mut self, _: BTreeMap<(u8, u8), u8>) {}
    fn counted(&mut self) {}
}

#[tokio::test]
async fn an_event_that_is_not_json_fails_every_save_and_nothing_is_written() {
    let odds: Repository<Odd> = Repository::new(MemoryStore::new());
    let mut root = odds.load(&ID).await.unwrap();
    root.record(OddEvent::Counted);
    root.record(OddEvent::Mapped {
        entries: BTreeMap::from([((1, 2), 3)]),
    });
    for _ in 0..2 {
        let error = odds.save(&mut root).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot encode an event of type `mapped`");
        assert_eq!(error.kind(), ErrorKind::Bug);
    }
    assert!(odds.load(&ID).await.unwrap().is_new());
}

#[tokio::test]
async fn events_in_an_open_transaction_are_not_saved_a_second_time_elsewhere() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let mut root = accounts.load(&ID).await.unwrap();
        root.record(deposited(5));
        let mut tx = store.begin().await.unwrap();
        accounts.save_in(&mut tx, &mut root).await.unwrap();
        accounts.save_in(&mut tx, &mut root).await.unwrap();
        let error = accounts.save(&mut root).await.unwrap_err();
        assert!(
            matches!(
                error,
                ExecuteError::InvalidCommand(InvalidCommand::OpenTransaction { .. })
            ),
            "{error:?}"
        );
        drop(tx);
        accounts.save(&mut root).await.unwrap();
        let stored = accounts.load(&ID).await.unwrap();
        assert_eq!((stored.cents, stored.version()), (1_005, Version(3)));
    })
    .await;
}

#[tokio::test]
async fn a_key_met_again_in_the_same_transaction_loses_no_pending_event() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let key = || CommandContext::new().idempotency_key("key");
        let mut root = accounts.load(&ID).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        root.record(deposited(5));
        accounts
            .save_with_in(&mut tx, &mut root, key())
            .await
            .unwrap();
        root.record(deposited(6));
        let error = accounts
            .save_with_in(&mut tx, &mut root, key())
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                ExecuteError::InvalidCommand(InvalidCommand::KeyUsedInTransaction { .. })
            ),
            "{error:?}"
        );
        tx.rollback().await.unwrap();
        assert_eq!((root.version(), root.pending().len()), (Version(2), 2));
        accounts.save(&mut root).await.unwrap();
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_011);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_of_another_store_is_refused() {
    let accounts = open_account(MemoryStore::new()).await;
    let other = MemoryStore::new();
    let mut tx = other.begin().await.unwrap();
    let deposit = |account: &rehydrate_tests::account::Account| account.deposit(1);
    let error = accounts
        .execute_in(&mut tx, &ID, deposit)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ExecuteError::InvalidCommand(InvalidCommand::ForeignTransaction)
    ));
    let mut root = accounts.load(&ID).await.unwrap();
    root.record(deposited(1));
    accounts.save_in(&mut tx, &mut root).await.unwrap_err();
    assert_eq!(root.pending().len(), 1);
}

#[derive(Event, Serialize, Deserialize)]
enum LossyEvent {
    Measured {
        #[serde(with = "chrono::serde::ts_seconds")]
        at: chrono::DateTime<chrono::Utc>,
    },
    Unreadable {
        #[serde(serialize_with = "as_text")]
        number: u64,
    },
}

fn as_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&number.to_string())
}

#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = LossyEvent, snapshot(every = 1))]
struct Lossy {
    at: Option<chrono::DateTime<chrono::Utc>>,
}

impl ApplyLossyEvent for Lossy {
    fn measured(&mut self, at: chrono::DateTime<chrono::Utc>) {
        self.at = Some(at);
    }
    fn unreadable(&mut self, _: u64) {}
}

#[tokio::test]
async fn the_state_in_hand_is_the_one_that_a_replay_will_find() {
    let lossy: Repository<Lossy> = Repository::new(MemoryStore::new());
    let at = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::milliseconds(1_500);
    let whole = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1);
    let measure = |_: &Lossy| Ok::<_, std::fmt::Error>(LossyEvent::Measured { at });
    let committed = lossy.execute(&ID, measure).await.unwrap();
    assert_eq!(committed.at, Some(whole));
    let mut root = lossy.load(&ID).await.unwrap();
    assert_eq!(
        (root.at, root.replayed().snapshot),
        (Some(whole), Version(1))
    );
    root.record(LossyEvent::Measured { at });
    assert_eq!(root.at, Some(whole));
}

#[tokio::test]
async fn an_event_that_could_not_be_read_back_is_not_stored() {
    let lossy: Repository<Lossy> = Repository::new(MemoryStore::new());
    let write = |_: &Lossy| Ok::<_, std::fmt::Error>(LossyEvent::Unreadable { number: 7 });
    let error = lossy.execute(&ID, write).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("could not be read back"), "{cause}");
    assert!(lossy.load(&ID).await.unwrap().is_new());
}
