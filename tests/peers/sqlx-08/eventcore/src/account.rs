//! The events.

use eventcore::StreamId;
use peers_harness::{Account, Counts, Event, Outcome};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum AccountEvent {
    Opened {
        account_id: StreamId,
        owner: String,
        currency: String,
        memo: String,
        at: i64,
    },
    Deposited {
        account_id: StreamId,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
    Withdrawn {
        account_id: StreamId,
        tx_id: u64,
        amount: i64,
        currency: String,
        memo: String,
        at: i64,
    },
}

/// The stream of an account.
pub(crate) fn stream(id: &str) -> Outcome<StreamId> {
    Ok(StreamId::try_new(id)?)
}

impl AccountEvent {
    pub(crate) fn new(account_id: StreamId, event: Event) -> Self {
        match event {
            Event::Opened {
                owner,
                currency,
                memo,
                at,
                ..
            } => Self::Opened {
                account_id,
                owner,
                currency,
                memo,
                at,
            },
            Event::Deposited {
                tx_id,
                amount,
                currency,
                memo,
                at,
                ..
            } => Self::Deposited {
                account_id,
                tx_id,
                amount,
                currency,
                memo,
                at,
            },
            Event::Withdrawn {
                tx_id,
                amount,
                currency,
                memo,
                at,
                ..
            } => Self::Withdrawn {
                account_id,
                tx_id,
                amount,
                currency,
                memo,
                at,
            },
        }
    }

    pub(crate) fn apply_to(&self, account: &mut Account) {
        match self {
            Self::Opened {
                owner,
                currency,
                at,
                ..
            } => account.opened(owner, currency, *at),
            Self::Deposited {
                tx_id, amount, at, ..
            } => account.deposited(*tx_id, *amount, *at),
            Self::Withdrawn {
                tx_id, amount, at, ..
            } => account.withdrawn(*tx_id, *amount, *at),
        }
    }

    pub(crate) fn count_in(&self, counts: &mut Counts) {
        match self {
            Self::Opened { .. } => counts.opened(),
            Self::Deposited { amount, .. } => counts.deposited(*amount),
            Self::Withdrawn { amount, .. } => counts.withdrawn(*amount),
        }
    }
}

impl eventcore::Event for AccountEvent {
    fn stream_id(&self) -> &StreamId {
        match self {
            Self::Opened { account_id, .. }
            | Self::Deposited { account_id, .. }
            | Self::Withdrawn { account_id, .. } => account_id,
        }
    }

    fn event_type_name() -> &'static str {
        "AccountEvent"
    }
}
