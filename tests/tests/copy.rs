//! A log that goes from store to store stays the same log.

use std::sync::Arc;

use futures_util::TryStreamExt;
use rehydrate::{
    CommandContext, CopyError, EventStore, MemoryStore, Repository, StoreError, checksum, copy,
};
use rehydrate_tests::account::Account;
use rehydrate_tests::stores::{mysql, on_every_store, postgres, sqlite_file};

/// 60 accounts with 40 events each, some rolled back in between, so that positions have holes.
async fn fill(store: Arc<dyn EventStore>) {
    let accounts: Repository<Account> = Repository::new(store.clone());
    for round in 0..40_u64 {
        let mut tx = store.begin().await.unwrap();
        for id in 0..60 {
            let context = CommandContext::new().metadata("round", round);
            let deposit = |account: &Account| account.deposit(id + round);
            accounts
                .execute_with_in(&mut tx, &id, context, deposit)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let mut dropped = store.begin().await.unwrap();
        accounts
            .execute_in(&mut dropped, &1, |account| account.deposit(1))
            .await
            .unwrap();
    }
}

async fn total(store: Arc<dyn EventStore>) -> u64 {
    let accounts: Repository<Account> = Repository::new(store);
    let ids: Vec<u64> = accounts.ids().try_collect().await.unwrap();
    let mut total = 0;
    for id in ids {
        total += accounts.load(&id).await.unwrap().cents;
    }
    total
}

#[tokio::test]
async fn a_log_that_was_copied_from_database_to_database_is_the_identical_log() {
    let (_folder, first) = sqlite_file().await;
    let (_folder_too, last) = sqlite_file().await;
    let mut chain: Vec<(&str, Arc<dyn EventStore>)> = vec![("SQLite", Arc::new(first))];
    let postgres = postgres().await;
    let mysql = mysql().await;
    if let Some((_, store)) = &postgres {
        chain.push(("PostgreSQL", store.clone()));
    }
    if let Some((_, store)) = &mysql {
        chain.push(("MariaDB", store.clone()));
    }
    chain.push(("SQLite again", Arc::new(last)));
    fill(chain[0].1.clone()).await;
    let until = chain[0].1.watermark().await.unwrap();
    let original = checksum(&*chain[0].1, until).await.unwrap();
    assert_eq!(original.events, 2_400);
    for pair in chain.windows(2) {
        let mut seen = 0;
        let report = copy(&*pair[0].1, &*pair[1].1, |progress| {
            assert!(progress.copied > seen && progress.until == until);
            seen = progress.copied;
        })
        .await
        .unwrap();
        assert_eq!((report.copied, report.checksum), (2_400, original));
        println!(
            "{} -> {}: {} events, checksum {}",
            pair[0].0, pair[1].0, seen, report.checksum
        );
        assert_eq!(
            total(pair[1].1.clone()).await,
            total(chain[0].1.clone()).await
        );
    }
}

#[tokio::test]
async fn a_copy_goes_on_where_it_was_interrupted_and_with_what_has_come_since() {
    on_every_store(|target| async move {
        let live: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
        fill(live.clone()).await;
        let half = live
            .read_log(&rehydrate::LogQuery::after(0.into()))
            .await
            .unwrap();
        target.import(&half.events).await.unwrap();
        let report = copy(&*live, &*target, |_| ()).await.unwrap();
        assert_eq!((report.copied, report.checksum.events), (1_400, 2_400));
        assert_eq!(copy(&*live, &*target, |_| ()).await.unwrap().copied, 0);
        fill(live.clone()).await;
        let report = copy(&*live, &*target, |_| ()).await.unwrap();
        assert_eq!((report.copied, report.checksum.events), (2_400, 4_800));
    })
    .await;
}

#[tokio::test]
async fn a_target_with_a_life_of_its_own_is_not_called_a_copy() {
    let live: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    fill(live.clone()).await;
    let other: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    let accounts: Repository<Account> = Repository::new(other.clone());
    accounts
        .execute(&7, |account| account.deposit(1))
        .await
        .unwrap();
    let error = copy(&*live, &*other, |_| ()).await.unwrap_err();
    match error {
        CopyError::Differs { live, copied } => assert_ne!(live.hash, copied.hash),
        CopyError::Store(StoreError::Corrupt { .. }) => {}
        other => panic!("the target is not a copy, not {other:?}"),
    }
}
