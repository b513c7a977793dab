//! The events, and the state: once without snapshots and once with them, since that is a property of
//! the type.

use evento::metadata::Event;
use evento::{Executor, Projection};

#[evento::aggregate(name = "bank/Account")]
pub enum BankAccount {
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

macro_rules! state {
    ($module:ident, $(#[$attribute:meta])*) => {
        pub(crate) mod $module {
            use super::*;

            $(#[$attribute])*
            #[allow(unreachable_pub, reason = "the macro's own items name it")]
            pub struct View {
                pub id: String,
                pub open: bool,
                pub owner: String,
                pub currency: String,
                pub balance: i64,
                pub tx_count: u64,
                pub last_tx: u64,
                pub updated_at: i64,
            }

            #[evento::handler]
            async fn on_opened(event: Event<Opened>, view: &mut View) -> anyhow::Result<()> {
                view.id = event.aggregate_id.to_owned();
                view.open = true;
                view.owner = event.data.owner.clone();
                view.currency = event.data.currency.clone();
                view.updated_at = event.data.at;
                Ok(())
            }

            #[evento::handler]
            async fn on_deposited(event: Event<Deposited>, view: &mut View) -> anyhow::Result<()> {
                view.balance += event.data.amount;
                view.tx_count += 1;
                view.last_tx = event.data.tx_id;
                view.updated_at = event.data.at;
                Ok(())
            }

            #[evento::handler]
            async fn on_withdrawn(event: Event<Withdrawn>, view: &mut View) -> anyhow::Result<()> {
                view.balance -= event.data.amount;
                view.tx_count += 1;
                view.last_tx = event.data.tx_id;
                view.updated_at = event.data.at;
                Ok(())
            }

            pub(crate) fn projection<E: Executor>() -> Projection<E, View> {
                Projection::new::<BankAccount>()
                    .handler(on_opened())
                    .handler(on_deposited())
                    .handler(on_withdrawn())
                    .strict()
            }
        }
    };
}

state!(plain, #[evento::projection(id = id)] #[evento::snapshot(none)]);
// Written by every load that has seen new events which are older than a second.
state!(
    stored,
    #[evento::projection(name = "peers/stored", id = id, bitcode::Encode, bitcode::Decode)]
);
