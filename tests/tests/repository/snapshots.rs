use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rehydrate::{
    Aggregate, AggregateId, EventStore, Expected, Fingerprint, Position, Repository, Snapshot,
    SnapshotCheck, SnapshotRead, StreamId, StreamQuery, Version,
};
use rehydrate_tests::account::{Account, AccountEvent, ApplyAccountEvent, Overdrawn};
use rehydrate_tests::stores::on_every_store;
use serde::{Deserialize, Serialize};

use super::{ID, deposited, open_account, watched};

/// The account of a later release: its state has a field more.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = AccountEvent, category = "account", snapshot(every = 5))]
struct CountingAccount {
    owner: String,
    cents: u64,
    #[serde(default)]
    deposits: u32,
}

impl ApplyAccountEvent for CountingAccount {
    fn opened(&mut self, owner: String) {
        self.owner = owner;
    }
    fn deposited(&mut self, cents: u64) {
        self.cents += cents;
        self.deposits += 1;
    }
    fn withdrawn(&mut self, cents: u64) {
        self.cents -= cents;
    }
}

/// The same state as the first release's, with a handler that was changed and not declared.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = AccountEvent, category = "account", snapshot(every = 5))]
struct DoublingAccount {
    cents: u64,
}

#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = AccountEvent, category = "account", snapshot(every = 5))]
struct HonestAccount {
    cents: u64,
}

impl ApplyAccountEvent for DoublingAccount {
    fn opened(&mut self, _: String) {}
    fn deposited(&mut self, cents: u64) {
        self.cents += 2 * cents;
    }
    fn withdrawn(&mut self, _: u64) {}
}

impl ApplyAccountEvent for HonestAccount {
    fn opened(&mut self, _: String) {}
    fn deposited(&mut self, cents: u64) {
        self.cents += cents;
    }
    fn withdrawn(&mut self, _: u64) {}
}

fn stream() -> StreamId {
    StreamId::new("account", ID).unwrap()
}

async fn snapshot_version<A: Aggregate>(accounts: &Repository<A>) -> Version {
    accounts
        .load(&A::Id::parse(&ID.to_string()).unwrap())
        .await
        .unwrap()
        .replayed()
        .snapshot
}

/// Counts the warnings of this thread while it lives.
fn count_warnings() -> (Arc<AtomicUsize>, tracing::subscriber::DefaultGuard) {
    struct Counter(Arc<AtomicUsize>);
    impl tracing::Subscriber for Counter {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.is_event() && *metadata.level() == tracing::Level::WARN
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn event(&self, event: &tracing::Event<'_>) {
            if event.metadata().target().starts_with("rehydrate::") {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }
    let count = Arc::new(AtomicUsize::new(0));
    let guard = tracing::subscriber::set_default(Counter(Arc::clone(&count)));
    (count, guard)
}

#[tokio::test]
async fn a_snapshot_follows_the_commit_that_is_far_enough_past_the_last_one() {
    let (watched, accounts) = watched();
    let deposits = async |count: usize| {
        let decide = |_: &Account| Ok::<_, Overdrawn>(vec![deposited(1); count]);
        accounts.execute(&ID, decide).await.unwrap();
        watched.calls().pop().unwrap()
    };
    assert_eq!(deposits(4).await, "append 4");
    assert_eq!(
        deposits(3).await,
        "snapshot at 7",
        "at exactly the version folded"
    );
    assert_eq!(deposits(4).await, "append 4");
    assert_eq!(deposits(1).await, "snapshot at 12");
    assert_eq!(deposits(11).await, "snapshot at 23");
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 23);
    assert_eq!(watched.calls(), ["read after 0"]);
}

#[tokio::test]
async fn an_event_that_leads_to_a_snapshot_is_applied_once() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        for _ in 0..3 {
            accounts
                .execute(&ID, |account| account.deposit(1))
                .await
                .unwrap();
        }
        let query = StreamQuery {
            snapshot: Account::SNAPSHOTS.fingerprint(),
            ..StreamQuery::new(stream())
        };
        match store.read(&query).await.unwrap().snapshot {
            SnapshotRead::Found(snapshot) => {
                assert_eq!(snapshot.version, Version(5));
                assert_eq!(snapshot.state, r#"{"owner":"Ada","cents":1003}"#);
            }
            other => panic!("there is a snapshot, not {other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_written_costs_a_warning_and_not_the_command() {
    let (warnings, _guard) = count_warnings();
    let (watched, accounts) = watched();
    watched.fail_snapshots();
    for cents in 1..=7 {
        let account = accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        assert_eq!(account.cents, cents);
    }
    assert_eq!(warnings.load(Ordering::SeqCst), 3, "at versions 5, 6 and 7");
    assert_eq!(accounts.load(&ID).await.unwrap().replayed().events, 7);
}

#[tokio::test]
async fn a_snapshot_that_does_not_decode_costs_a_warning_and_a_full_replay_never_the_state() {
    let (warnings, _guard) = count_warnings();
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        for state in ["", "null", "{\"owner\":7}"] {
            let broken = Snapshot {
                version: accounts.load(&ID).await.unwrap().version(),
                position: Position(2),
                recorded_at: accounts.load(&ID).await.unwrap().recorded_at().unwrap(),
                fingerprint: Account::SNAPSHOTS.fingerprint().unwrap(),
                state: state.to_owned(),
            };
            store.write_snapshot(&stream(), &broken).await.unwrap();
            let root = accounts.load(&ID).await.unwrap();
            assert_eq!(root.replayed().snapshot, Version::ZERO);
            accounts
                .execute(&ID, |account| account.deposit(1))
                .await
                .unwrap();
        }
        let root = accounts.load(&ID).await.unwrap();
        assert_eq!((root.cents, root.version()), (1_003, Version(5)));
        assert_eq!(
            root.replayed().snapshot,
            Version(5),
            "a good one has replaced the broken ones"
        );
    })
    .await;
    assert!(warnings.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn a_field_added_to_the_state_costs_one_warning_and_no_error() {
    on_every_store(|store| async move {
        let old = open_account(store.clone()).await;
        for id in 1..=3 {
            for _ in 0..6 {
                old.execute(&id, |account| account.deposit(1))
                    .await
                    .unwrap();
            }
        }
        let (warnings, _guard) = count_warnings();
        let new: Repository<CountingAccount> = Repository::new(store);
        for id in 1..=3 {
            let root = new.load(&id).await.unwrap();
            assert_eq!((root.cents, root.deposits), (6, 6));
            assert_eq!(root.replayed().events, 6);
        }
        let deposit = |_: &CountingAccount| Ok::<_, Overdrawn>(deposited(1));
        let account = new.execute(&1, deposit).await.unwrap();
        assert_eq!((account.cents, account.deposits), (7, 7));
        let root = new.load(&1).await.unwrap();
        assert_eq!(
            root.replayed().snapshot,
            Version(7),
            "replaced by the first commit"
        );
        assert_eq!(root.deposits, 7);
        assert_eq!(
            warnings.load(Ordering::SeqCst),
            1,
            "one line for the whole deploy"
        );
        let root = old.load(&1).await.unwrap();
        assert_eq!(root.cents, 7, "the old release goes on beside the new one");
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_later_than_the_asked_past_is_not_used() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        for _ in 0..10 {
            accounts
                .execute(&ID, |account| account.deposit(1))
                .await
                .unwrap();
        }
        assert_eq!(snapshot_version(&accounts).await, Version(10));
        let past = accounts.load_at(&ID, Version(9)).await.unwrap();
        assert_eq!(
            (past.cents, past.replayed().snapshot),
            (1_007, Version::ZERO)
        );
        let past = accounts.load_at(&ID, Version(11)).await.unwrap();
        assert_eq!((past.cents, past.replayed().snapshot), (1_009, Version(10)));
    })
    .await;
}

#[tokio::test]
async fn verify_finds_the_handler_that_was_changed_without_a_new_version() {
    on_every_store(|store| async move {
        let honest: Repository<HonestAccount> = Repository::new(store.clone());
        let deposit = |_: &HonestAccount| Ok::<_, Overdrawn>([deposited(10), deposited(5)]);
        for _ in 0..4 {
            honest.execute(&ID, deposit).await.unwrap();
        }
        let same = SnapshotCheck::Same {
            snapshot: Version(6),
        };
        assert_eq!(honest.verify(&ID).await.unwrap(), same);
        assert_eq!(honest.verify(&7).await.unwrap(), SnapshotCheck::NoSnapshot);
        let snapshot = Snapshot {
            version: Version(8),
            position: Position(8),
            recorded_at: honest.load(&ID).await.unwrap().recorded_at().unwrap(),
            fingerprint: DoublingAccount::SNAPSHOTS.fingerprint().unwrap(),
            state: r#"{"cents":60}"#.to_owned(),
        };
        store.write_snapshot(&stream(), &snapshot).await.unwrap();
        let doubling: Repository<DoublingAccount> = Repository::new(store);
        match doubling.verify(&ID).await.unwrap() {
            SnapshotCheck::Different {
                snapshot,
                from_snapshot,
                from_events,
            } => {
                assert_eq!(snapshot, Version(8));
                assert_eq!(
                    (&from_snapshot["cents"], &from_events["cents"]),
                    (&60.into(), &120.into())
                );
            }
            other => panic!("the snapshot is wrong, not {other:?}"),
        }
    })
    .await;
}

#[test]
fn the_fingerprint_covers_the_state_and_its_name() {
    let all = [
        Account::SNAPSHOTS.fingerprint(),
        CountingAccount::SNAPSHOTS.fingerprint(),
        HonestAccount::SNAPSHOTS.fingerprint(),
    ];
    let unique: std::collections::HashSet<Option<Fingerprint>> = all.into();
    assert_eq!(unique.len(), 3);
    assert!(!unique.contains(&None));
}

#[tokio::test]
async fn an_append_by_hand_does_not_disturb_snapshots() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let event = rehydrate::NewEvent::new("deposited", 1.into(), r#"{"cents":3}"#);
        let time = rehydrate::RecordedTime::Clock(chrono::DateTime::UNIX_EPOCH);
        for _ in 0..9 {
            let batch = rehydrate::Batch::new(vec![event.clone()], time);
            store
                .append(&stream(), Expected::Any, &batch)
                .await
                .unwrap();
        }
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_027);
        let account = accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        assert_eq!(account.version(), Version(12));
        assert_eq!(snapshot_version(&accounts).await, Version(12));
    })
    .await;
}
