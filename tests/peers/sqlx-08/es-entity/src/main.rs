//! es-entity 0.20, on PostgreSQL.

mod event;
mod peer;
mod plain;
mod snapshots;

use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};

use crate::peer::{Accounts, replay};
use crate::plain::BankAccounts;
use crate::snapshots::SnapAccounts;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let url = &arguments.url;
    if arguments.phase == Phase::SeedReplay {
        let pool = peers_shared::postgres(url, 1).await?;
        sqlx::raw_sql(include_str!("../schema.sql"))
            .execute(&pool)
            .await?;
    }
    if arguments.phase == Phase::Replay {
        let accounts = BankAccounts::new(peers_shared::postgres(url, 1).await?);
        return measure_replay(&arguments.sizes, replay(&accounts)).await;
    }
    run(&arguments, async |connections| {
        let pool = peers_shared::postgres(url, connections).await?;
        Ok(Accounts {
            plain: BankAccounts::new(pool.clone()),
            snapshots: SnapAccounts::new(pool),
        })
    })
    .await
}
