//! Read models: kept, waited for, parked, rebuilt and swapped, on every store.

mod deciding;
mod faulty_rows;
mod following;
mod inline;
mod law;
mod mixing;
mod narrow;
mod parking;
mod racing;
mod rebuilding;
mod repairing;
mod sharding;
mod spoiling;
mod times;
mod upgrading;

use std::sync::Arc;
use std::time::Duration;

use rehydrate::{EventStore, Repository, Runner};
use rehydrate_tests::account::{Account, AccountEvent};

/// Long enough for a loaded machine; nothing waits so long unless it is broken.
const LONG: Duration = Duration::from_secs(30);

fn accounts(store: &Arc<dyn EventStore>) -> Repository<Account> {
    Repository::new(Arc::clone(store))
}

fn runner(store: &Arc<dyn EventStore>) -> Runner {
    Runner::new(Arc::clone(store)).with_poll(Duration::from_millis(50))
}

fn opened(owner: &str) -> AccountEvent {
    AccountEvent::Opened {
        owner: owner.to_owned(),
    }
}

fn deposited(cents: u64) -> AccountEvent {
    AccountEvent::Deposited { cents }
}

fn withdrawn(cents: u64) -> AccountEvent {
    AccountEvent::Withdrawn { cents }
}
