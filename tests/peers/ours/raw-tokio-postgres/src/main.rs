//! The same by hand, on tokio-postgres, whose tasks share one connection and pipeline on it.
//!
//! It uses the tables that raw-sqlx has made.

mod peer;

use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};

use crate::peer::Shared;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    if arguments.phase == Phase::Replay {
        let shared = Shared::connect(&arguments.url).await?;
        return measure_replay(&arguments.sizes, shared.replay()).await;
    }
    run(&arguments, async |_| Shared::connect(&arguments.url).await).await
}
