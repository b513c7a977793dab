//! The aggregate.

use peers_harness::NotAllowed;
use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[event(borrow)]
pub(crate) enum AccountEvent {
    Opened {
        account_id: String,
        owner: String,
        currency: String,
        memo: String,
        at: i64,
    },
    Deposited {
        account_id: String,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
    Withdrawn {
        account_id: String,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
}

peers_harness::local_event_as_the_others!(AccountEvent);

#[derive(Aggregate, Debug, Clone, Default, Serialize, Deserialize)]
#[aggregate(id = Uuid, event = AccountEvent, snapshot(every = 50))]
pub(crate) struct Account {
    pub(crate) open: bool,
    pub(crate) owner: String,
    pub(crate) currency: String,
    pub(crate) balance: i64,
    pub(crate) tx_count: u64,
    pub(crate) last_tx: u64,
    pub(crate) updated_at: i64,
}

impl ApplyAccountEvent for Account {
    fn opened(&mut self, _: &str, owner: &str, currency: &str, _: &str, at: i64) {
        self.open = true;
        owner.clone_into(&mut self.owner);
        currency.clone_into(&mut self.currency);
        self.updated_at = at;
    }

    fn deposited(&mut self, _: &str, tx_id: u64, amount: i64, _: &str, _: &str, at: i64) {
        self.balance += amount;
        self.tx_count += 1;
        self.last_tx = tx_id;
        self.updated_at = at;
    }

    fn withdrawn(&mut self, _: &str, tx_id: u64, amount: i64, _: &str, _: &str, at: i64) {
        self.balance -= amount;
        self.tx_count += 1;
        self.last_tx = tx_id;
        self.updated_at = at;
    }
}

impl Account {
    pub(crate) fn may_deposit(&self, amount: i64) -> Result<(), NotAllowed> {
        if !self.open {
            return Err(NotAllowed::NotOpen);
        }
        if amount <= 0 {
            return Err(NotAllowed::NoAmount);
        }
        Ok(())
    }
}
