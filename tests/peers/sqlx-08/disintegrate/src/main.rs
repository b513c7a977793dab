//! disintegrate 4, on PostgreSQL.

mod account;
mod decisions;
mod peer;
mod tables;

use std::sync::atomic::Ordering;

use peers_harness::{Arguments, Measurement, Outcome, Phase, measure_replay, run};

use crate::peer::{Accounts, RETRIES, replay};

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let url = &arguments.url;
    if arguments.phase == Phase::SeedReplay {
        tables::create(peers_shared::postgres(url, 1).await?).await?;
    }
    if arguments.phase == Phase::Replay {
        let pool = peers_shared::postgres(url, 1).await?;
        return measure_replay(&arguments.sizes, replay(pool)).await;
    }
    run(&arguments, async |connections| {
        Ok(Accounts::new(
            peers_shared::postgres(url, connections).await?,
        ))
    })
    .await?;
    if arguments.phase == Phase::Commands && arguments.workloads.has("w1") {
        let retries = RETRIES.load(Ordering::Relaxed);
        let each = f64::from(retries) / arguments.sizes.created as f64;
        Measurement::new("w1_retries", &[("each", each)]).print()?;
    }
    Ok(())
}
