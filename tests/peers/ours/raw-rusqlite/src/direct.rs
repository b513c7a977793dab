//! On the thread of the caller.

use std::sync::atomic::{AtomicUsize, Ordering};

use peers_harness::{Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};
use tokio::sync::{Mutex, MutexGuard};

use crate::by_hand::{self, Hand};

/// Connections that are used in turns.
pub(crate) struct Direct {
    connections: Vec<Mutex<Hand>>,
    next: AtomicUsize,
}

impl Direct {
    pub(crate) fn open(path: &str, variant: &str, connections: usize) -> Outcome<Self> {
        let connections = (0..connections).map(|_| Ok(Mutex::new(by_hand::open(path, variant)?)));
        Ok(Self {
            connections: connections.collect::<Outcome<_>>()?,
            next: AtomicUsize::new(0),
        })
    }

    async fn take(&self) -> MutexGuard<'_, Hand> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        self.connections[next].lock().await
    }
}

impl Peer for Direct {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        by_hand::insert(&*self.take().await, id, 1, &event(id, 0))
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let connection = self.take().await;
        let found = by_hand::load(&connection, id, source)?;
        by_hand::decide(&connection, found, id, source, deposit)
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        by_hand::batch(&*self.take().await, id, source, from, events)
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let found = by_hand::load(&*self.take().await, id, source)?;
        Ok(found.account.loaded())
    }

    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}
