use rehydrate::{Cache, CommandContext, ExecuteError, Staleness, Version};
use rehydrate_tests::account::{Account, AccountEvent, Overdrawn};
use rehydrate_tests::stores::on_every_store;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{ID, open_account, watched};

fn any_cached() -> Cache {
    Cache::of(100).with_staleness(Staleness::AnyCached)
}

#[tokio::test]
async fn a_cached_command_reads_only_what_is_newer() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(Cache::of(100));
    let rival = open_account(watched.clone()).await;
    accounts.load(&ID).await.unwrap();
    watched.calls();
    accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    assert_eq!(watched.calls(), ["read after 2", "append 1"]);
    rival
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    watched.calls();
    let root = accounts.load(&ID).await.unwrap();
    assert_eq!((root.cents, root.replayed().events), (1_002, 1));
    assert_eq!(watched.calls(), ["read after 3"]);
}

#[tokio::test]
async fn a_command_on_any_cached_state_is_one_append() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    watched.calls();
    for cents in 2..=4 {
        let account = accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        assert_eq!((account.cents, account.version()), (cents, Version(cents)));
    }
    assert_eq!(watched.calls(), ["append 1"; 3]);
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 4);
    assert!(watched.calls().is_empty());
}

#[tokio::test]
async fn a_stale_cached_state_meets_a_conflict_and_catches_up() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    let rival = open_account(watched.clone()).await;
    accounts.load(&ID).await.unwrap();
    rival
        .execute(&ID, |account| account.withdraw(900))
        .await
        .unwrap();
    watched.calls();
    let account = accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    assert_eq!((account.cents, account.attempts()), (101, 1));
    assert_eq!(watched.calls(), ["append 1", "read after 2", "append 1"]);
    rival
        .execute(&ID, |account| account.withdraw(100))
        .await
        .unwrap();
    let refused = accounts.execute(&ID, |account| account.withdraw(100)).await;
    assert!(matches!(
        refused,
        Err(ExecuteError::Rejected(Overdrawn { cents: 1 }))
    ));
}

#[tokio::test]
async fn a_refusal_or_an_empty_decision_on_a_stale_state_is_made_again_on_the_latest() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    let rival = open_account(watched.clone()).await;
    accounts.load(&ID).await.unwrap();
    rival
        .execute(&ID, |account| account.deposit(500))
        .await
        .unwrap();
    let account = accounts
        .execute(&ID, |account| account.withdraw(1_500))
        .await
        .unwrap();
    assert_eq!(account.cents, 0, "a stale state would have refused");
    rival
        .execute(&ID, |account| account.deposit(7))
        .await
        .unwrap();
    let sweep = |account: &Account| {
        let cents = account.cents;
        Ok::<_, Overdrawn>((cents > 0).then_some(AccountEvent::Withdrawn { cents }))
    };
    let account = accounts.execute(&ID, sweep).await.unwrap();
    assert_eq!(
        (account.cents, account.appended()),
        (0, 1),
        "a stale state had nothing to sweep"
    );
}

#[tokio::test]
async fn a_repeated_key_is_found_though_the_cached_state_would_refuse() {
    on_every_store(|store| async move {
        let accounts = open_account(store).await.with_cache(any_cached());
        let key = || CommandContext::new().idempotency_key("all of it");
        let decisions = AtomicU32::new(0);
        let all = |account: &Account| {
            decisions.fetch_add(1, Ordering::SeqCst);
            account.withdraw(1_000)
        };
        let first = accounts.execute_with(&ID, key(), all).await.unwrap();
        let again = accounts.execute_with(&ID, key(), all).await.unwrap();
        assert!(again.is_duplicate());
        assert_eq!((again.version(), again.cents), (first.version(), 0));
    })
    .await;
}

#[tokio::test]
async fn a_recorded_event_does_not_leak_into_the_cache() {
    let (_, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    let mut root = accounts.load(&ID).await.unwrap();
    root.record(super::deposited(99));
    assert_eq!(root.cents, 100);
    assert_eq!(
        accounts.load(&ID).await.unwrap().cents,
        1,
        "it is not saved"
    );
    accounts.save(&mut root).await.unwrap();
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 100);
}

#[tokio::test]
async fn a_transaction_reaches_the_cache_only_when_it_commits() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await.with_cache(any_cached());
        accounts.load(&ID).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let account = accounts
            .execute_in(&mut tx, &ID, |account| account.deposit(1))
            .await
            .unwrap();
        assert_eq!(account.cents, 1_001);
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_000);
        drop(tx);
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_000);
        let mut tx = store.begin().await.unwrap();
        accounts
            .execute_in(&mut tx, &ID, |account| account.deposit(2))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_002);
    })
    .await;
}

#[tokio::test]
async fn a_state_that_met_a_conflict_is_not_loaded_again() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    let rival = open_account(watched.clone()).await;
    let mut root = accounts.load(&ID).await.unwrap();
    rival
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    root.record(super::deposited(1));
    accounts.save(&mut root).await.unwrap_err();
    let mut root = accounts.load(&ID).await.unwrap();
    root.record(super::deposited(1));
    accounts.save(&mut root).await.unwrap();
    rival
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    let at = |version| CommandContext::new().expected_version(Version(version));
    let deposit = |account: &Account| account.deposit(1);
    accounts
        .execute_with(&ID, at(4), deposit)
        .await
        .unwrap_err();
    let seen = accounts.load(&ID).await.unwrap().version();
    assert_eq!(seen, Version(5));
    accounts.execute_with(&ID, at(5), deposit).await.unwrap();
    rival
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    let once = accounts.with_retry(rehydrate::Retry::never());
    assert_eq!(once.execute(&ID, deposit).await.unwrap().cents, 1_006);
}

#[tokio::test]
async fn what_is_not_there_is_not_cached() {
    let (watched, accounts) = watched();
    let accounts = accounts.with_cache(any_cached());
    assert!(accounts.find(&ID).await.unwrap().is_none());
    open_account(watched).await;
    assert_eq!(accounts.find(&ID).await.unwrap().unwrap().cents, 1_000);
}

#[tokio::test]
async fn a_root_may_be_saved_through_a_repository_with_a_cache() {
    let (watched, plain) = watched();
    open_account(watched).await;
    let cached = plain.clone().with_cache(any_cached());
    let mut root = plain.load(&ID).await.unwrap();
    root.record(super::deposited(1));
    cached.save(&mut root).await.unwrap();
    root.record(super::deposited(2));
    cached
        .execute(&ID, |account| account.deposit(4))
        .await
        .unwrap();
    assert_eq!(root.cents, 1_003);
    assert_eq!(plain.load(&ID).await.unwrap().cents, 1_005);
}
