//! The workloads.

use es_entity::{ListDirection, PaginatedQueryArgs};
use peers_harness::{Counts, Deposit, Id, Loaded, Outcome, Peer, Source, Task, event};
use uuid::Uuid;

use crate::event::{BankAccountEvent, BankAccountId, SnapAccountEvent, SnapAccountId};
use crate::plain::{BankAccounts, NewBankAccount};
use crate::snapshots::{NewSnapAccount, SnapAccounts};

pub(crate) struct Accounts {
    pub(crate) plain: BankAccounts,
    pub(crate) snapshots: SnapAccounts,
}

fn plain(id: &Id) -> BankAccountId {
    BankAccountId::from(Uuid::from_u128(id.number))
}

fn with_snapshots(id: &Id) -> SnapAccountId {
    SnapAccountId::from(Uuid::from_u128(id.number))
}

impl Peer for Accounts {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        peers_shared::spawn(task)
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.batch(id, Source::Events, 0, 1).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        if source == Source::Snapshot {
            let id_there = with_snapshots(id);
            let mut account = self.snapshots.find_by_id(id_there).await?;
            account.account.may_deposit(deposit.amount)?;
            account.push(SnapAccountEvent::new(id_there, deposit.into_event(id)));
            self.snapshots.update(&mut account).await?;
        } else {
            let id_there = plain(id);
            let mut account = self.plain.find_by_id(id_there).await?;
            account.account.may_deposit(deposit.amount)?;
            account.push(BankAccountEvent::new(id_there, deposit.into_event(id)));
            self.plain.update(&mut account).await?;
        }
        Ok(())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let events = (from..from + events).map(|number| event(id, number));
        if source == Source::Snapshot {
            let id = with_snapshots(id);
            let mut events = events.map(|event| SnapAccountEvent::new(id, event));
            if from == 0 {
                let events = events.collect();
                self.snapshots.create(NewSnapAccount { id, events }).await?;
            } else {
                let mut account = self.snapshots.find_by_id(id).await?;
                events.by_ref().for_each(|event| account.push(event));
                self.snapshots.update(&mut account).await?;
            }
        } else {
            let id = plain(id);
            let mut events = events.map(|event| BankAccountEvent::new(id, event));
            if from == 0 {
                let events = events.collect();
                self.plain.create(NewBankAccount { id, events }).await?;
            } else {
                let mut account = self.plain.find_by_id(id).await?;
                events.by_ref().for_each(|event| account.push(event));
                self.plain.update(&mut account).await?;
            }
        }
        Ok(())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        if source == Source::Snapshot {
            let account = self.snapshots.find_by_id(with_snapshots(id)).await?;
            Ok(account.account.loaded())
        } else {
            let account = self.plain.find_by_id(plain(id)).await?;
            Ok(account.account.loaded())
        }
    }

    // The commit that has 50 events since the last one writes it.
    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}

/// There is neither a projection nor a log; the nearest is to list all entities, page by page.
pub(crate) async fn replay(accounts: &BankAccounts) -> Outcome<Counts> {
    let mut counts = Counts::default();
    let mut query = PaginatedQueryArgs {
        first: 100,
        after: None,
    };
    loop {
        let page = accounts.list_by_id(query, ListDirection::Ascending).await?;
        for account in page.entities() {
            for persisted in account.events.iter_persisted() {
                match &persisted.event {
                    BankAccountEvent::Opened { .. } => counts.opened(),
                    BankAccountEvent::Deposited { amount, .. } => counts.deposited(*amount),
                    BankAccountEvent::Withdrawn { amount, .. } => counts.withdrawn(*amount),
                }
            }
        }
        match page.into_next_query() {
            Some(next) => query = next,
            None => return Ok(counts),
        }
    }
}
