//! The bank account of `tests/peers`: an event is about 157 bytes of JSON.

use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Event, Serialize, Deserialize)]
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
}

#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = AccountEvent)]
pub(crate) struct Account {
    owner: String,
    currency: String,
    balance: i64,
    deposits: u64,
    updated_at: i64,
}

impl ApplyAccountEvent for Account {
    fn opened(&mut self, _: String, owner: String, currency: String, _: String, at: i64) {
        self.owner = owner;
        self.currency = currency;
        self.updated_at = at;
    }

    fn deposited(&mut self, _: String, _: u64, amount: i64, _: String, _: String, at: i64) {
        self.balance += amount;
        self.deposits += 1;
        self.updated_at = at;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the account is not open")]
pub(crate) struct Refused;

impl Account {
    pub(crate) fn deposit(&self, number: u64) -> Result<AccountEvent, Refused> {
        if self.owner.is_empty() {
            return Err(Refused);
        }
        Ok(event(number))
    }

    pub(crate) fn take(&mut self, event: AccountEvent) {
        self.apply(event);
    }
}

/// Event number `number` of an account, from 0.
pub(crate) fn event(number: u64) -> AccountEvent {
    let account_id = "0192d3a4-5b6c-7d8e-9f00-112233445566".to_owned();
    let currency = "EUR".to_owned();
    let at = 1_754_500_000_000 + number.cast_signed() * 1_000;
    if number == 0 {
        return AccountEvent::Opened {
            account_id,
            owner: "Ada Lovelace".to_owned(),
            currency,
            memo: "opened online, branch 017".to_owned(),
            at,
        };
    }
    AccountEvent::Deposited {
        account_id,
        tx_id: 1_000_000 + number,
        amount: 1_000 + (number * 7_919 % 9_000).cast_signed(),
        currency,
        memo: format!("invoice {:06}", number * 104_729 % 1_000_000),
        at,
    }
}
