//! The workloads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventually_core::aggregate::AggregateRootBuilder;
use eventually_core::repository::Repository;
use eventually_core::store::{EventStore as _, Select};
use eventually_postgres::{EventStore, EventStoreBuilder};
use futures::stream::StreamExt;
use peers_harness::{Counts, Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};
use tokio_postgres::{Client, NoTls};

use crate::account::{AccountEvent, Bank, Command};

type Store = EventStore<String, AccountEvent>;

/// A store has one connection, so there are as many stores as connections.
pub(crate) struct Accounts {
    stores: Vec<Store>,
    next: AtomicUsize,
    builder: AggregateRootBuilder<Bank>,
}

impl Accounts {
    pub(crate) async fn connect(url: &str, connections: usize) -> Outcome<Self> {
        let mut stores = Vec::new();
        for _ in 0..connections {
            stores.push(store(url).await?);
        }
        Ok(Self {
            stores,
            next: AtomicUsize::new(0),
            builder: Bank.into(),
        })
    }

    fn repository(&self) -> Repository<Bank, Store> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.stores.len();
        Repository::new(self.builder.clone(), self.stores[next].clone())
    }
}

impl Peer for Accounts {
    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.batch(id, Source::Events, 0, 1).await
    }

    async fn command(&self, id: &Id, _: Source, deposit: Deposit) -> Outcome {
        let mut accounts = self.repository();
        let mut account = accounts.get(id.text.clone()).await?;
        let deposit = Command::Deposit(id.clone(), deposit);
        account.handle(deposit).await?;
        accounts.add(account).await?;
        Ok(())
    }

    async fn batch(&self, id: &Id, _: Source, from: u64, events: u64) -> Outcome {
        let mut accounts = self.repository();
        let mut account = match from {
            0 => self.builder.build(id.text.clone()),
            _ => accounts.get(id.text.clone()).await?,
        };
        let events = (from..from + events).map(|number| event(id, number));
        account.handle(Command::Several(events.collect())).await?;
        accounts.add(account).await?;
        Ok(())
    }

    async fn load(&self, id: &Id, _: Source) -> Outcome<Loaded> {
        let account = self.repository().get(id.text.clone()).await?;
        Ok(account.state().loaded())
    }
}

async fn client(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with the client.
    tokio::spawn(async move { connection.await.map(drop) });
    Ok(client)
}

async fn store(url: &str) -> Outcome<Store> {
    let mut client = client(url).await?;
    let migrated = EventStoreBuilder::migrate_database(&mut client).await?;
    let builder = migrated.builder(Arc::new(client));
    Ok(builder.build::<String, AccountEvent>("account").await?)
}

/// All events of the store: faster than its persistent subscription.
pub(crate) async fn replay(url: &str) -> Outcome<Counts> {
    let store = store(url).await?;
    let mut counts = Counts::default();
    let mut events = store.stream_all(Select::All).await?;
    while let Some(event) = events.next().await {
        event?.is_counted_in(&mut counts);
    }
    Ok(counts)
}
