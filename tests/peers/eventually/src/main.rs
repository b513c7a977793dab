//! eventually 0.4, on PostgreSQL.

mod account;
mod peer;

use peers_harness::{Arguments, Failure, Outcome, Phase, measure_replay, run};

use crate::peer::{Accounts, replay};

fn main() -> Outcome {
    let arguments = Arguments::of_this_process()?;
    let mut runtime = tokio::runtime::Builder::new()
        .threaded_scheduler()
        .core_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let measuring = tokio::spawn(measure(arguments));
        measuring.await.map_err(Failure::from)?
    })
}

async fn measure(arguments: Arguments) -> Outcome {
    let url = &arguments.url;
    if arguments.phase == Phase::Replay {
        return measure_replay(&arguments.sizes, replay(url)).await;
    }
    run(&arguments, async |connections| {
        Accounts::connect(url, connections).await
    })
    .await
}
