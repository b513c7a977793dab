use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rehydrate::{
    CommandContext, ErrorKind, ExecuteError, Expected, InvalidCommand, MemoryStore, Repository,
    Retry, StoreError, Version,
};
use rehydrate_tests::account::{Account, AccountEvent, Overdrawn};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::{Watched, unavailable};

use super::{ID, open_account, opened, watched};

#[tokio::test]
async fn a_command_is_one_read_and_one_append() {
    let (watched, accounts) = watched();
    let account = accounts
        .execute(&ID, |account| account.deposit(500))
        .await
        .unwrap();
    assert_eq!(watched.calls(), ["read after 0", "append 1"]);
    assert_eq!((account.cents, account.version()), (500, Version(1)));
    assert_eq!((account.appended(), account.attempts()), (1, 1));
    assert!(!account.is_duplicate());
}

#[tokio::test]
async fn a_decision_without_events_writes_nothing() {
    let (watched, accounts) = watched();
    let nothing = |_: &Account| Ok::<_, Overdrawn>(());
    let none = |_: &Account| Ok::<_, Overdrawn>(None::<AccountEvent>);
    let empty = |_: &Account| Ok::<_, Overdrawn>(Vec::<AccountEvent>::new());
    assert_eq!(
        accounts.execute(&ID, nothing).await.unwrap().version(),
        Version::ZERO
    );
    assert_eq!(accounts.execute(&ID, none).await.unwrap().appended(), 0);
    assert_eq!(accounts.execute(&ID, empty).await.unwrap().appended(), 0);
    assert_eq!(watched.calls(), ["read after 0"; 3]);
}

#[tokio::test]
async fn a_refusal_is_the_domains_own_error_and_writes_nothing() {
    let (watched, accounts) = watched();
    let refused = accounts.execute(&ID, |account| account.withdraw(1)).await;
    match refused {
        Err(error @ ExecuteError::Rejected(_)) => {
            assert_eq!(error.to_string(), "the account holds 0 cents only");
            assert_eq!(error.kind(), ErrorKind::Refused);
        }
        other => panic!("the account refuses, not {other:?}"),
    }
    assert_eq!(watched.calls(), ["read after 0"]);
}

#[tokio::test]
async fn after_a_conflict_only_the_newer_events_are_read_and_the_decision_is_made_again() {
    let (watched, accounts) = watched();
    let rival = open_account(watched.clone()).await;
    watched.calls();
    watched.before_an_append(async move {
        rival
            .execute(&ID, |account| account.withdraw(900))
            .await
            .unwrap();
    });
    let decisions = AtomicU32::new(0);
    let refused = accounts
        .execute(&ID, |account| {
            decisions.fetch_add(1, Ordering::SeqCst);
            account.withdraw(200)
        })
        .await;
    assert!(matches!(
        refused,
        Err(ExecuteError::Rejected(Overdrawn { cents: 100 }))
    ));
    assert_eq!(decisions.into_inner(), 2);
    let rivals = ["read after 0", "append 1"];
    let calls = watched.calls();
    assert_eq!(calls[..2], ["read after 0", "append 1"]);
    assert_eq!(calls[2..4], rivals, "the rival's");
    assert_eq!(calls[4..], ["read after 2"], "the tail only");
}

#[tokio::test]
async fn a_command_gives_up_after_the_last_attempt_and_names_the_versions() {
    let memory = MemoryStore::new();
    let watched = Watched::new(Arc::new(memory.clone()));
    let accounts: Repository<Account> = Repository::new(watched.clone());
    let accounts = accounts.with_retry(Retry {
        attempts: 3,
        base: Duration::from_micros(1),
        longest: Duration::from_micros(1),
    });
    let rival = open_account(memory).await;
    for _ in 0..9 {
        let rival = rival.clone();
        watched.before_an_append(async move {
            rival
                .execute(&ID, |account| account.deposit(1))
                .await
                .unwrap();
        });
    }
    let error = accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap_err();
    match error {
        ExecuteError::Conflict {
            attempts,
            expected,
            actual,
            ..
        } => {
            assert_eq!(attempts, 3);
            assert!(matches!(expected, Expected::Exactly(version) if version < actual));
            assert_eq!(error.kind(), ErrorKind::Stale);
        }
        other => panic!("the stream is too busy, not {other:?}"),
    }
}

#[tokio::test]
async fn a_stores_failure_is_passed_on_and_tells_whether_to_try_again() {
    let (watched, accounts) = watched();
    watched.fail_an_append(unavailable());
    let error = accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ExecuteError::Store(StoreError::Unavailable { .. })
    ));
    assert_eq!(error.kind(), ErrorKind::TryAgain);
    assert!(accounts.find(&ID).await.unwrap().is_none());
}

#[tokio::test]
async fn a_command_with_a_key_happens_once_and_returns_its_first_outcome() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let key = || CommandContext::new().idempotency_key("withdraw all");
        let all = |account: &Account| account.withdraw(1_000);
        let first = accounts.execute_with(&ID, key(), all).await.unwrap();
        accounts
            .execute(&ID, |account| account.deposit(70))
            .await
            .unwrap();
        let again = accounts.execute_with(&ID, key(), all).await.unwrap();
        assert!(!first.is_duplicate() && again.is_duplicate());
        assert_eq!(again.cents, 0, "the state after the first one");
        assert_eq!(
            (again.version(), again.position()),
            (first.version(), first.position())
        );
        assert_eq!(again.appended(), 0);
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 70);
    })
    .await;
}

#[tokio::test]
async fn a_key_with_another_content_or_another_aggregate_is_refused() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await;
        let context = |cents: u64| {
            let context = CommandContext::new().idempotency_key("deposit");
            context.fingerprint(&cents)
        };
        let deposit = |cents| move |account: &Account| account.deposit(cents);
        accounts
            .execute_with(&ID, context(5), deposit(5))
            .await
            .unwrap();
        let again = accounts
            .execute_with(&ID, context(5), deposit(5))
            .await
            .unwrap();
        assert!(again.is_duplicate());
        for (id, cents) in [(ID, 6), (ID + 1, 5)] {
            let refused = accounts
                .execute_with(&id, context(cents), deposit(cents))
                .await;
            assert!(
                matches!(
                    refused,
                    Err(ExecuteError::Store(StoreError::KeyReused { .. }))
                ),
                "{refused:?}"
            );
        }
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_005);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_a_twin_commits_in_between_is_a_duplicate_and_not_a_conflict() {
    let (watched, accounts) = watched();
    let twin = open_account(watched.clone()).await;
    let key = || CommandContext::new().idempotency_key("key");
    watched.before_an_append(async move {
        twin.execute_with(&ID, key(), |account| account.deposit(5))
            .await
            .unwrap();
    });
    let again = accounts
        .execute_with(&ID, key(), |account| account.deposit(5))
        .await
        .unwrap();
    assert!(again.is_duplicate());
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_005);
}

#[tokio::test]
async fn a_key_of_no_or_too_many_bytes_is_refused_before_anything_is_read() {
    let (watched, accounts) = watched();
    for key in [String::new(), "k".repeat(256)] {
        let context = CommandContext::new().idempotency_key(&key);
        let refused = accounts
            .execute_with(&ID, context, |account| account.deposit(1))
            .await;
        match refused {
            Err(ExecuteError::InvalidCommand(InvalidCommand::KeyLength { bytes, .. })) => {
                assert_eq!(bytes, key.len());
            }
            other => panic!("the key is refused, not {other:?}"),
        }
    }
    assert!(watched.calls().is_empty());
    let context = CommandContext::new().idempotency_key("k".repeat(255));
    accounts
        .execute_with(&ID, context, |account| account.deposit(1))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_command_for_a_version_is_not_tried_again_on_another() {
    let (watched, accounts) = watched();
    let rival = open_account(watched.clone()).await;
    let at = |version| CommandContext::new().expected_version(Version(version));
    let deposit = |account: &Account| account.deposit(1);
    let error = accounts
        .execute_with(&ID, at(1), deposit)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ExecuteError::VersionMismatch {
                actual: Version(2),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(
        error.kind(),
        ErrorKind::Stale,
        "the same command can never succeed"
    );
    watched.before_an_append(async move {
        rival
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
    });
    let error = accounts
        .execute_with(&ID, at(2), deposit)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ExecuteError::VersionMismatch {
                actual: Version(3),
                ..
            }
        ),
        "{error:?}"
    );
    let account = accounts.execute_with(&ID, at(3), deposit).await.unwrap();
    assert_eq!(account.version(), Version(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_commands_on_one_aggregate_at_once_all_happen_once() {
    on_every_store(|store| async move {
        let accounts: Arc<Repository<Account>> = Arc::new(open_account(store).await);
        let commands = (0..200).map(|_| {
            let accounts = Arc::clone(&accounts);
            tokio::spawn(async move {
                accounts
                    .execute(&ID, |account| account.withdraw(5))
                    .await
                    .unwrap()
            })
        });
        let versions: Vec<u64> = join_all(commands)
            .await
            .into_iter()
            .map(|account| account.unwrap().version().get())
            .collect();
        let mut unique = versions.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique, (3..=202).collect::<Vec<_>>());
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 0);
    })
    .await;
}

#[tokio::test]
async fn a_decision_of_several_events_is_one_append() {
    let (watched, accounts) = watched();
    let decide = |account: &Account| Ok::<_, Overdrawn>([opened(), account.deposit(7)?]);
    let account = accounts.execute(&ID, decide).await.unwrap();
    assert_eq!((account.version(), account.appended()), (Version(2), 2));
    assert_eq!((account.owner.as_str(), account.cents), ("Ada", 7));
    assert_eq!(watched.calls(), ["read after 0", "append 2"]);
}

#[test]
fn only_a_call_that_did_nothing_for_sure_is_to_be_tried_again() {
    let unknown = || StoreError::OutcomeUnknown {
        source: "gone".into(),
    };
    assert_eq!(unknown().kind(), ErrorKind::Unknown);
    assert_eq!(
        ExecuteError::<Overdrawn>::Store(unknown()).kind(),
        ErrorKind::Unknown
    );
    assert_eq!(unavailable().kind(), ErrorKind::TryAgain);
}
