use rehydrate::{CommandContext, ExecuteError, Version};
use rehydrate_tests::account::{Account, AccountEvent, Overdrawn};
use rehydrate_tests::stores::on_every_store;

use super::{ID, open_account, watched};

#[tokio::test]
async fn a_creation_is_one_append() {
    let (watched, accounts) = watched();
    let account = accounts
        .create(&ID, |account| account.deposit(500))
        .await
        .unwrap();
    assert_eq!(watched.calls(), ["append 1"]);
    assert_eq!((account.cents, account.version()), (500, Version(1)));
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 500);
}

#[tokio::test]
async fn what_exists_is_not_created_whatever_would_be_decided() {
    let (watched, accounts) = watched();
    open_account(watched.clone()).await;
    watched.calls();
    let mismatch = |created: Result<_, ExecuteError<Overdrawn>>| {
        let created = created.map(drop);
        assert!(
            matches!(
                created,
                Err(ExecuteError::VersionMismatch {
                    expected: Version::ZERO,
                    actual: Version(2),
                    ..
                })
            ),
            "{created:?}"
        );
    };
    mismatch(accounts.create(&ID, |account| account.deposit(1)).await);
    assert_eq!(watched.calls(), ["append 1"]);
    // A refusal, or nothing to append, is not believed before the store was asked.
    mismatch(accounts.create(&ID, |account| account.withdraw(1)).await);
    let nothing = |_: &Account| Ok::<_, Overdrawn>(());
    mismatch(accounts.create(&ID, nothing).await);
    assert_eq!(watched.calls(), ["read after 0"; 2]);
    assert_eq!(accounts.load(&ID).await.unwrap().version(), Version(2));
}

#[tokio::test]
async fn a_refused_creation_is_the_domains_own_error() {
    let (_, accounts) = watched();
    let refused = accounts.create(&ID, |account| account.withdraw(1)).await;
    assert!(matches!(
        refused,
        Err(ExecuteError::Rejected(Overdrawn { cents: 0 }))
    ));
    assert!(accounts.find(&ID).await.unwrap().is_none());
}

#[tokio::test]
async fn a_creation_that_is_sent_again_happens_once() {
    on_every_store(async |store| {
        let accounts = rehydrate::Repository::<Account>::new(store);
        let create = async || {
            let context = CommandContext::new()
                .expected_version(Version::ZERO)
                .idempotency_key("open-1");
            accounts
                .execute_with(&ID, context, |account| account.deposit(500))
                .await
        };
        let first = create().await.unwrap();
        let second = create().await.unwrap();
        assert!(!first.is_duplicate() && second.is_duplicate());
        assert_eq!((second.cents, second.version()), (500, Version(1)));
        accounts
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        let third = create().await.unwrap();
        assert_eq!((third.is_duplicate(), third.cents), (true, 500));
    })
    .await;
}

#[tokio::test]
async fn a_new_root_reads_nothing_and_conflicts_with_what_exists() {
    let (watched, accounts) = watched();
    let mut account = accounts.new_root(&ID).unwrap();
    assert!(account.is_new());
    account.record(AccountEvent::Deposited { cents: 7 });
    accounts.save(&mut account).await.unwrap();
    assert_eq!(watched.calls(), ["append 1"]);
    let mut again = accounts.new_root(&ID).unwrap();
    again.record(AccountEvent::Deposited { cents: 7 });
    let saved = accounts.save(&mut again).await;
    assert!(
        matches!(
            saved,
            Err(ExecuteError::Conflict {
                actual: Version(1),
                ..
            })
        ),
        "{saved:?}"
    );
}
