//! The commands about read models.

use std::process::ExitCode;

use rehydrate::{Repository, Rows};
use rehydrate_console::{Console, Ops};
use serde::Serialize;

use super::output::Output;
use crate::fine::Fine;
use crate::money::Cents;
use crate::penalties::Penalties;
use crate::read_models::{Balances, BalancesV1, BalancesVersion, Takings, runner};

/// What the balances of all fines come to.
#[derive(Debug, Serialize)]
struct Totals {
    fines: u64,
    owed_cents: Cents,
    paid_cents: Cents,
    outstanding_cents: Cents,
    position: u64,
}

/// Brings the balances up to date, and adds them up.
pub(super) async fn balances(
    fines: &Repository<Fine>,
    version: BalancesVersion,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    runner(fines.store().clone(), version).catch_up().await?;
    let rows = Rows::<Balances>::new(fines.store().clone());
    let total = rows
        .all()
        .total(["owed_cents", "paid_cents", "outstanding_cents"])
        .await?;
    let [owed, paid, outstanding] = total.sums.map(Cents);
    let text = format!(
        "{} fines: {owed} owed, {paid} paid, {outstanding} outstanding, as of position {}",
        total.rows, total.position
    );
    let totals = Totals {
        fines: total.rows,
        owed_cents: owed,
        paid_cents: paid,
        outstanding_cents: outstanding,
        position: total.position.get(),
    };
    output.show(&totals, text)
}

/// The operator's commands.
pub(super) async fn ops(fines: &Repository<Fine>, version: BalancesVersion, ops: Ops) -> ExitCode {
    let console = Console::new(fines.store().clone())
        .aggregate::<Fine>()
        .projection(Takings)
        .reactor(Penalties::new(fines.clone()));
    let console = match version {
        BalancesVersion::V1 => console.projection(BalancesV1),
        BalancesVersion::V2 => console.projection(Balances),
    };
    console.run(ops).await
}
