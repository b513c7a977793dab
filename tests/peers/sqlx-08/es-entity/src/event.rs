//! The events, once for each of the two entities: whether there are snapshots is a property of the
//! type.

use es_entity::{EsEvent, entity_id};
use peers_harness::{Account, Event};
use serde::{Deserialize, Serialize};

entity_id! { BankAccountId, SnapAccountId }

macro_rules! events {
    ($name:ident, $id:ident, $id_name:literal) => {
        #[derive(EsEvent, Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[es_event(id = $id_name)]
        pub enum $name {
            Opened {
                account_id: $id,
                owner: String,
                currency: String,
                memo: String,
                at: i64,
            },
            Deposited {
                account_id: $id,
                tx_id: u64,
                amount: i64,
                currency: String,
                memo: String,
                at: i64,
            },
            Withdrawn {
                account_id: $id,
                tx_id: u64,
                amount: i64,
                currency: String,
                memo: String,
                at: i64,
            },
        }

        impl $name {
            pub(crate) fn new(account_id: $id, event: Event) -> Self {
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
        }
    };
}

events!(BankAccountEvent, BankAccountId, "BankAccountId");
events!(SnapAccountEvent, SnapAccountId, "SnapAccountId");
