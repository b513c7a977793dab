//! Read models: what is asked of all fines at once, kept by folding their events.

mod balances;
mod takings;

use clap::ValueEnum;
use rehydrate::{ColumnKind, ColumnType, EventStore, Runner, Upgrade};

use crate::money::Cents;

pub use balances::{Balance, Balances, BalancesV1};
pub use takings::{Takings, TakingsOfADay};

impl ColumnType for Cents {
    const KIND: ColumnKind = ColumnKind::Integer;
}

/// With which version of the balances new rows are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BalancesVersion {
    /// With the historical bug: a second payment on one day is taken for a repetition.
    V1,
    /// With every payment.
    #[default]
    V2,
}

/// What keeps the read models up to date.
///
/// Both versions of the balances are on board, so whichever is live goes on while the other is
/// built, compared and swapped in; that is left to a person (`ops projections`), who wants to see
/// the difference first.
pub fn runner(store: impl EventStore, balances: BalancesVersion) -> Runner {
    let runner = Runner::new(store)
        .projection(Takings)
        .with_upgrade(Upgrade::Manual);
    match balances {
        BalancesVersion::V1 => runner.projection(BalancesV1).standby(Balances),
        BalancesVersion::V2 => runner.projection(Balances).standby(BalancesV1),
    }
}
