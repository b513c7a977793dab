//! What a repository does with its store, call by call, and on every store.

mod caching;
mod commands;
mod context;
mod creating;
mod loading;
mod snapshots;
mod transactions;
mod units_of_work;

use std::sync::Arc;

use rehydrate::{EventStore, MemoryStore, Repository};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::watched::Watched;

const ID: u64 = 42;

fn watched() -> (Watched, Repository<Account>) {
    let watched = Watched::new(Arc::new(MemoryStore::new()));
    let accounts = Repository::new(watched.clone());
    (watched, accounts)
}

/// An account with 1,000 cents, at version 2.
async fn open_account(store: impl EventStore) -> Repository<Account> {
    let accounts: Repository<Account> = Repository::new(store);
    let opening = |_: &Account| Ok::<_, std::convert::Infallible>([opened(), deposited(1_000)]);
    accounts.execute(&ID, opening).await.unwrap();
    accounts
}

fn opened() -> AccountEvent {
    AccountEvent::Opened {
        owner: "Ada".to_owned(),
    }
}

fn deposited(cents: u64) -> AccountEvent {
    AccountEvent::Deposited { cents }
}
