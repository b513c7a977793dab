//! The bank account. An event is about 157 bytes of JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Id;
use crate::peer::Loaded;

const BEGINNING: i64 = 1_754_500_000_000;

/// What happens to an account.
///
/// Contestants that can use a plain enum declare a copy of it with
/// [`local_event!`](crate::local_event!), the others one with the same fields and their own
/// attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Event {
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

impl Event {
    /// The stored type.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "Opened",
            Self::Deposited { .. } => "Deposited",
            Self::Withdrawn { .. } => "Withdrawn",
        }
    }
}

/// What a deposit command says.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Deposit {
    pub tx_id: u64,
    pub amount: i64,
    pub currency: String,
    pub memo: String,
    pub at: i64,
}

impl Deposit {
    /// The event of an accepted deposit.
    #[must_use]
    pub fn into_event(self, id: &Id) -> Event {
        Event::Deposited {
            account_id: id.text.clone(),
            tx_id: self.tx_id,
            amount: self.amount,
            currency: self.currency,
            memo: self.memo,
            at: self.at,
        }
    }
}

/// Event number `number` of an account, from 0.
#[must_use]
pub fn event(id: &Id, number: u64) -> Event {
    if number == 0 {
        return Event::Opened {
            account_id: id.text.clone(),
            owner: "Ada Lovelace".into(),
            currency: "EUR".into(),
            memo: "opened online, branch 017".into(),
            at: BEGINNING,
        };
    }
    let deposit = deposit(id, number);
    if number % 4 != 3 {
        return deposit.into_event(id);
    }
    Event::Withdrawn {
        account_id: id.text.clone(),
        tx_id: deposit.tx_id,
        amount: deposit.amount / 2,
        currency: deposit.currency,
        memo: deposit.memo,
        at: deposit.at,
    }
}

/// The deposit that is event number `number` of an account.
#[must_use]
pub fn deposit(id: &Id, number: u64) -> Deposit {
    let random = id.random(number);
    Deposit {
        tx_id: 1_000_000 + number,
        amount: 1_000 + signed(random % 9_000),
        currency: "EUR".into(),
        memo: format!("invoice {:06}", random % 1_000_000),
        at: BEGINNING + signed(number) * 1_000,
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The state of an account; also what a snapshot holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Account {
    pub open: bool,
    pub owner: String,
    pub currency: String,
    pub balance: i64,
    pub tx_count: u64,
    pub last_tx: u64,
    pub updated_at: i64,
}

impl Account {
    /// Takes an [`Event::Opened`].
    #[inline]
    pub fn opened(&mut self, owner: &str, currency: &str, at: i64) {
        self.open = true;
        self.owner.clear();
        self.owner.push_str(owner);
        self.currency.clear();
        self.currency.push_str(currency);
        self.updated_at = at;
    }

    /// Takes an [`Event::Deposited`].
    #[inline]
    pub fn deposited(&mut self, tx_id: u64, amount: i64, at: i64) {
        self.balance += amount;
        self.tx_count += 1;
        self.last_tx = tx_id;
        self.updated_at = at;
    }

    /// Takes an [`Event::Withdrawn`].
    #[inline]
    pub fn withdrawn(&mut self, tx_id: u64, amount: i64, at: i64) {
        self.balance -= amount;
        self.tx_count += 1;
        self.last_tx = tx_id;
        self.updated_at = at;
    }

    /// Takes an event.
    #[inline]
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Opened {
                owner,
                currency,
                at,
                ..
            } => self.opened(owner, currency, *at),
            Event::Deposited {
                tx_id, amount, at, ..
            } => self.deposited(*tx_id, *amount, *at),
            Event::Withdrawn {
                tx_id, amount, at, ..
            } => self.withdrawn(*tx_id, *amount, *at),
        }
    }

    /// The rule of the deposit command.
    ///
    /// # Errors
    /// The account is not open, or there is nothing to deposit.
    #[inline]
    pub fn may_deposit(&self, amount: i64) -> Result<(), NotAllowed> {
        if !self.open {
            return Err(NotAllowed::NotOpen);
        }
        if amount <= 0 {
            return Err(NotAllowed::NoAmount);
        }
        Ok(())
    }

    /// What the workloads compare.
    #[must_use]
    pub fn loaded(&self) -> Loaded {
        Loaded {
            balance: self.balance,
            tx_count: self.tx_count,
        }
    }
}

/// Why a deposit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NotAllowed {
    NotOpen,
    NoAmount,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "the account is not open",
            Self::NoAmount => "there is nothing to deposit",
        })
    }
}

impl std::error::Error for NotAllowed {}

/// An account after its first `events` events.
#[must_use]
pub fn expected_account(id: &Id, events: u64) -> Account {
    let mut account = Account::default();
    for number in 0..events {
        account.apply(&event(id, number));
    }
    account
}

#[cfg(test)]
mod tests {
    use super::{Event, event};
    use crate::id::{Id, Kind};

    #[test]
    fn an_event_is_about_157_bytes_of_json() {
        let id = Id::new(Kind::Replay, 5);
        for number in [0, 1, 3] {
            let event: Event = event(&id, number);
            let text = serde_json::to_string(&event).expect("BUG: it is JSON");
            assert!((150..170).contains(&text.len()), "{text}");
        }
    }
}
