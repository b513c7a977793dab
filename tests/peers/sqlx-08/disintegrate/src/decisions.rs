//! The commands.

use std::fmt;

use disintegrate::Decision;
use peers_harness::{Deposit, Id, NotAllowed, event};

use crate::account::{AccountEvent, AccountState};

/// Why a decision is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    IsOpen,
    NotAllowed(NotAllowed),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsOpen => f.write_str("the account is open already"),
            Self::NotAllowed(reason) => reason.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

pub(crate) struct Open(pub(crate) Id);

impl Decision for Open {
    type Event = AccountEvent;
    type StateQuery = AccountState;
    type Error = Refused;

    fn state_query(&self) -> AccountState {
        AccountState::of(&self.0.text)
    }

    fn process(&self, state: &AccountState) -> Result<Vec<AccountEvent>, Refused> {
        if state.account.open {
            return Err(Refused::IsOpen);
        }
        Ok(vec![event(&self.0, 0).into()])
    }
}

pub(crate) struct DepositAmount(pub(crate) Id, pub(crate) Deposit);

impl Decision for DepositAmount {
    type Event = AccountEvent;
    type StateQuery = AccountState;
    type Error = Refused;

    fn state_query(&self) -> AccountState {
        AccountState::of(&self.0.text)
    }

    fn process(&self, state: &AccountState) -> Result<Vec<AccountEvent>, Refused> {
        let Self(id, deposit) = self;
        let allowed = state.account.may_deposit(deposit.amount);
        allowed.map_err(Refused::NotAllowed)?;
        Ok(vec![deposit.clone().into_event(id).into()])
    }
}

pub(crate) struct Several {
    pub(crate) id: Id,
    pub(crate) from: u64,
    pub(crate) events: u64,
}

impl Decision for Several {
    type Event = AccountEvent;
    type StateQuery = AccountState;
    type Error = Refused;

    fn state_query(&self) -> AccountState {
        AccountState::of(&self.id.text)
    }

    fn process(&self, _: &AccountState) -> Result<Vec<AccountEvent>, Refused> {
        let numbers = self.from..self.from + self.events;
        Ok(numbers
            .map(|number| event(&self.id, number).into())
            .collect())
    }
}
