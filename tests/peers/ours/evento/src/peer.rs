//! The workloads.

use std::time::Duration;

use evento::{Executor, ProjectionAggregate};
use peers_harness::{Account, Deposit, Event, Id, Loaded, Outcome, Peer, Source, Task, event};

use crate::account::{Deposited, Opened, Withdrawn, plain, stored};

pub(crate) struct Accounts<E>(pub(crate) E);

fn deposited(id: &Id, deposit: Deposit) -> Deposited {
    Deposited {
        account_id: id.text.clone(),
        tx_id: deposit.tx_id,
        amount: deposit.amount,
        currency: deposit.currency,
        memo: deposit.memo,
        at: deposit.at,
    }
}

fn check(open: bool, deposit: &Deposit) -> Outcome {
    let account = Account {
        open,
        ..Account::default()
    };
    Ok(account.may_deposit(deposit.amount)?)
}

/// The two states are of different types with the same methods.
macro_rules! load {
    ($module:ident, $executor:expr, $id:expr) => {{
        let loaded = $module::projection()
            .load(&$id.text)
            .execute($executor)
            .await?;
        loaded.ok_or("there is no such account")?
    }};
}

impl<E: Executor + Clone + Send + Sync + 'static> Peer for Accounts<E> {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.batch(id, Source::Events, 0, 1).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        if source == Source::Snapshot {
            let account = load!(stored, &self.0, id);
            check(account.open, &deposit)?;
            let mut append = account.write()?;
            append
                .event(&deposited(id, deposit))
                .commit(&self.0)
                .await?;
        } else {
            let account = load!(plain, &self.0, id);
            check(account.open, &deposit)?;
            let mut append = account.write()?;
            append
                .event(&deposited(id, deposit))
                .commit(&self.0)
                .await?;
        }
        Ok(())
    }

    async fn batch(&self, id: &Id, _: Source, from: u64, events: u64) -> Outcome {
        let mut append = evento::append(&id.text);
        append.original_version(u16::try_from(from)?);
        for number in from..from + events {
            match event(id, number) {
                Event::Opened {
                    account_id,
                    owner,
                    currency,
                    memo,
                    at,
                } => append.event(&Opened {
                    account_id,
                    owner,
                    currency,
                    memo,
                    at,
                }),
                Event::Deposited {
                    account_id,
                    tx_id,
                    amount,
                    currency,
                    memo,
                    at,
                } => append.event(&Deposited {
                    account_id,
                    tx_id,
                    amount,
                    currency,
                    memo,
                    at,
                }),
                Event::Withdrawn {
                    account_id,
                    tx_id,
                    amount,
                    currency,
                    memo,
                    at,
                } => append.event(&Withdrawn {
                    account_id,
                    tx_id,
                    amount,
                    currency,
                    memo,
                    at,
                }),
            };
        }
        append.commit(&self.0).await?;
        Ok(())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let (balance, tx_count) = if source == Source::Snapshot {
            let account = load!(stored, &self.0, id);
            (account.balance, account.tx_count)
        } else {
            let account = load!(plain, &self.0, id);
            (account.balance, account.tx_count)
        };
        Ok(Loaded { balance, tx_count })
    }

    // What is younger than a second is not seen by what reads the log, nor written as a snapshot.
    async fn settle(&self) -> Outcome {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        Ok(())
    }
}
