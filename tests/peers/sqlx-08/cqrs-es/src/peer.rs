//! The workloads.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, QueryReplay};
use cqrs_es::{AggregateContext, CqrsFramework, EventEnvelope, EventStore, Query};
use peers_harness::{Counts, Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};

use crate::account::{BankAccount, Command};

type Store<R> = PersistedEventStore<R, BankAccount>;

/// Without snapshots and with them; each once more, for loads without a command.
pub(crate) struct Frameworks<R: PersistedEventRepository + Send + Sync + 'static> {
    plain: CqrsFramework<BankAccount, Store<R>>,
    snapshots: CqrsFramework<BankAccount, Store<R>>,
    plain_store: Store<R>,
    snapshots_store: Store<R>,
}

impl<R: PersistedEventRepository + Send + Sync + 'static> Frameworks<R> {
    pub(crate) fn new(repository: impl Fn() -> R) -> Self {
        let plain = || PersistedEventStore::new_event_store(repository());
        let snapshots = || PersistedEventStore::new_snapshot_store(repository(), 50);
        Self {
            plain: CqrsFramework::new(plain(), vec![], ()),
            snapshots: CqrsFramework::new(snapshots(), vec![], ()),
            plain_store: plain(),
            snapshots_store: snapshots(),
        }
    }

    fn from(&self, source: Source) -> &CqrsFramework<BankAccount, Store<R>> {
        if source == Source::Snapshot {
            &self.snapshots
        } else {
            &self.plain
        }
    }
}

impl<R: PersistedEventRepository + Send + Sync + 'static> Peer for Frameworks<R> {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        peers_shared::spawn(task)
    }

    async fn create(&self, id: &Id) -> Outcome {
        let open = Command::Open(event(id, 0));
        Ok(self.plain.execute(&id.text, open).await?)
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let deposit = Command::Deposit(id.clone(), deposit);
        Ok(self.from(source).execute(&id.text, deposit).await?)
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let events = (from..from + events).map(|number| event(id, number));
        let several = Command::Several(events.collect());
        Ok(self.from(source).execute(&id.text, several).await?)
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let store = if source == Source::Snapshot {
            &self.snapshots_store
        } else {
            &self.plain_store
        };
        let mut context = store.load_aggregate(&id.text).await?;
        Ok(context.aggregate().0.loaded())
    }

    // The commit that passes a multiple of 50 writes it.
    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Counter(Arc<Mutex<Counts>>);

#[async_trait]
impl Query<BankAccount> for Counter {
    async fn dispatch(&self, _: &str, events: &[EventEnvelope<BankAccount>]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            event.payload.is_counted_in(&mut counts);
        }
    }
}

pub(crate) async fn replay<R>(repository: R) -> Outcome<Counts>
where
    R: PersistedEventRepository + Send + Sync + 'static,
{
    let counter = Counter::default();
    let replay = QueryReplay::<_, _, BankAccount>::new(repository, counter.clone());
    replay.replay_all().await?;
    let counts = counter.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(counts.clone())
}
