//! The events, and the state that decisions are made on.

use disintegrate::{Event, StateMutate, StateQuery};
use peers_harness::Account;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(AccountStream, [Opened, Deposited, Withdrawn])]
pub enum AccountEvent {
    Opened {
        #[id]
        account_id: String,
        owner: String,
        currency: String,
        memo: String,
        at: i64,
    },
    Deposited {
        #[id]
        account_id: String,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
    Withdrawn {
        #[id]
        account_id: String,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
}

peers_harness::local_event_as_the_others!(AccountEvent);

impl AccountEvent {
    pub(crate) fn is_counted_in(&self, counts: &mut peers_harness::Counts) {
        self.count_in(counts);
    }
}

#[derive(Default, StateQuery, Clone, Debug, Serialize, Deserialize)]
#[state_query(AccountStream)]
pub struct AccountState {
    #[id]
    account_id: String,
    pub account: Account,
}

impl AccountState {
    pub(crate) fn of(id: &str) -> Self {
        Self {
            account_id: id.to_owned(),
            account: Account::default(),
        }
    }
}

impl StateMutate for AccountState {
    fn mutate(&mut self, event: Self::Event) {
        match event {
            AccountStream::Opened {
                owner,
                currency,
                at,
                ..
            } => self.account.opened(&owner, &currency, at),
            AccountStream::Deposited {
                tx_id, amount, at, ..
            } => self.account.deposited(tx_id, amount, at),
            AccountStream::Withdrawn {
                tx_id, amount, at, ..
            } => self.account.withdrawn(tx_id, amount, at),
        }
    }
}
