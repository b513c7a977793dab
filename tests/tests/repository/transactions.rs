use rehydrate::{CommandContext, ExecuteError, Version};
use rehydrate_tests::account::{Account, Overdrawn};
use rehydrate_tests::stores::on_every_store;

use super::{ID, open_account};

#[tokio::test]
async fn two_aggregates_commit_together_or_not_at_all() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let mut tx = store.begin().await.unwrap();
        accounts
            .execute_in(&mut tx, &ID, |account| account.withdraw(300))
            .await
            .unwrap();
        accounts
            .execute_in(&mut tx, &7, |account| account.deposit(300))
            .await
            .unwrap();
        drop(tx);
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_000);
        assert!(accounts.load(&7).await.unwrap().is_new());
        let mut tx = store.begin().await.unwrap();
        let from = accounts
            .execute_in(&mut tx, &ID, |account| account.withdraw(300))
            .await
            .unwrap();
        let to = accounts
            .execute_in(&mut tx, &7, |account| account.deposit(300))
            .await
            .unwrap();
        assert_eq!((from.cents, from.version()), (700, Version(3)));
        assert!(to.position() > from.position());
        tx.commit().await.unwrap();
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 700);
        assert_eq!(accounts.load(&7).await.unwrap().position(), to.position());
    })
    .await;
}

#[tokio::test]
async fn commands_of_one_transaction_build_on_each_other() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let mut tx = store.begin().await.unwrap();
        for version in 3..=9 {
            let withdraw = |account: &Account| account.withdraw(100);
            let account = accounts.execute_in(&mut tx, &ID, withdraw).await.unwrap();
            assert_eq!(account.version(), Version(version));
        }
        let refused = accounts
            .execute_in(&mut tx, &ID, |account| account.withdraw(301))
            .await;
        assert!(matches!(
            refused,
            Err(ExecuteError::Rejected(Overdrawn { cents: 300 }))
        ));
        tx.commit().await.unwrap();
        let root = accounts.load(&ID).await.unwrap();
        assert_eq!(
            (root.cents, root.version()),
            (300, Version(9)),
            "a refusal ends nothing"
        );
        assert!(
            root.replayed().snapshot > Version::ZERO,
            "snapshots were written after the commit"
        );
        let full = accounts.without_snapshots().load(&ID).await.unwrap();
        assert_eq!(*full, *root);
    })
    .await;
}

#[tokio::test]
async fn a_rolled_back_transaction_leaves_no_snapshot() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let mut tx = store.begin().await.unwrap();
        let many = |_: &Account| Ok::<_, Overdrawn>([1; 10].map(super::deposited));
        accounts.execute_in(&mut tx, &ID, many).await.unwrap();
        tx.rollback().await.unwrap();
        let root = accounts.load(&ID).await.unwrap();
        assert_eq!(
            (root.cents, root.replayed().snapshot),
            (1_000, Version::ZERO)
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_works_inside_a_transaction_too() {
    on_every_store(|store| async move {
        let accounts = open_account(store.clone()).await;
        let key = || CommandContext::new().idempotency_key("row 1");
        let deposit = |account: &Account| account.deposit(1);
        let mut tx = store.begin().await.unwrap();
        let first = accounts
            .execute_with_in(&mut tx, &ID, key(), deposit)
            .await
            .unwrap();
        let again = accounts
            .execute_with_in(&mut tx, &ID, key(), deposit)
            .await
            .unwrap();
        assert!(!first.is_duplicate() && again.is_duplicate());
        tx.commit().await.unwrap();
        let again = accounts.execute_with(&ID, key(), deposit).await.unwrap();
        assert!(again.is_duplicate());
        assert_eq!(again.version(), first.version());
        assert_eq!(accounts.load(&ID).await.unwrap().cents, 1_001);
    })
    .await;
}
