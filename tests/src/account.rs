//! A bank account, as in the README, with a snapshot every five events.

use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

/// What happens to an account.
#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("flagged"))]
#[event(legacy("transferred_and_charged" = TransferredAndCharged))]
#[expect(missing_docs, reason = "the names say it")]
pub enum AccountEvent {
    Opened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
}

/// An event of the past that was two things at once.
#[derive(Debug, Deserialize)]
pub struct TransferredAndCharged {
    cents: u64,
    charge: u64,
}

impl From<TransferredAndCharged> for Vec<AccountEvent> {
    fn from(old: TransferredAndCharged) -> Self {
        [old.cents, old.charge]
            .map(|cents| AccountEvent::Withdrawn { cents })
            .into()
    }
}

/// The state of an account.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = AccountEvent, snapshot(every = 5))]
#[expect(missing_docs, reason = "the names say it")]
pub struct Account {
    pub owner: String,
    pub cents: u64,
}

impl ApplyAccountEvent for Account {
    fn opened(&mut self, owner: String) {
        self.owner = owner;
    }

    fn deposited(&mut self, cents: u64) {
        self.cents += cents;
    }

    fn withdrawn(&mut self, cents: u64) {
        self.cents -= cents;
    }
}

/// The account does not hold that much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account holds {cents} cents only")]
pub struct Overdrawn {
    /// What it holds.
    pub cents: u64,
}

impl Account {
    /// Takes money in.
    ///
    /// # Errors
    /// None.
    pub fn deposit(&self, cents: u64) -> Result<AccountEvent, Overdrawn> {
        Ok(AccountEvent::Deposited { cents })
    }

    /// Pays money out.
    ///
    /// # Errors
    /// The account does not hold that much.
    pub fn withdraw(&self, cents: u64) -> Result<AccountEvent, Overdrawn> {
        if cents > self.cents {
            return Err(Overdrawn { cents: self.cents });
        }
        Ok(AccountEvent::Withdrawn { cents })
    }
}
