//! W1 to W4.

use std::convert::Infallible;
use std::sync::Arc;

use peers_harness::{Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};
use rehydrate::{Cache, EventStore, Repository, Staleness};
use uuid::Uuid;

use crate::account::{Account, AccountEvent};

/// Three repositories on one store.
pub(crate) struct Accounts {
    from_events: Repository<Account>,
    from_snapshots: Repository<Account>,
    from_cache: Repository<Account>,
}

impl Accounts {
    pub(crate) fn new(store: Arc<dyn EventStore>) -> Self {
        let accounts = Repository::new(store);
        let cache = Cache::of(10_000).with_staleness(Staleness::AnyCached);
        Self {
            from_events: accounts.clone().without_snapshots(),
            from_cache: accounts.clone().with_cache(cache),
            from_snapshots: accounts,
        }
    }

    fn from(&self, source: Source) -> &Repository<Account> {
        match source {
            Source::Events => &self.from_events,
            Source::Snapshot => &self.from_snapshots,
            Source::Cache => &self.from_cache,
        }
    }
}

impl Peer for Accounts {
    fn loads_from(_: Source) -> bool {
        true
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        let open = |_: &Account| Ok::<_, Infallible>(AccountEvent::from(event(id, 0)));
        self.from_events.create(&uuid(id), open).await?;
        Ok(())
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let accounts = self.from(source);
        let deposit = |account: &Account| {
            account.may_deposit(deposit.amount)?;
            let event = deposit.clone().into_event(id);
            Ok::<_, peers_harness::NotAllowed>(AccountEvent::from(event))
        };
        accounts.execute(&uuid(id), deposit).await?;
        Ok(())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let accounts = self.from(source);
        let mut account = match from {
            0 => accounts.new_root(&uuid(id))?,
            _ => accounts.load(&uuid(id)).await?,
        };
        for number in from..from + events {
            account.record(event(id, number).into());
        }
        accounts.save(&mut account).await?;
        Ok(())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let account = self.from(source).load(&uuid(id)).await?;
        Ok(Loaded {
            balance: account.balance,
            tx_count: account.tx_count,
        })
    }

    // A commit of 50 events or more writes one.
    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}

fn uuid(id: &Id) -> Uuid {
    Uuid::from_u128(id.number)
}
