//! The same by hand, on rusqlite, with statements that are prepared once.
//!
//! Variants: the usual one calls SQLite on the thread of the caller; `thread` does so on a thread of
//! the connection's own, with a channel there and one back, which is the least that an async
//! framework has to do; `columns` is the usual one on a table with all columns of Rehydrate's.

mod by_hand;
mod direct;
mod threaded;

use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};

use crate::direct::Direct;
use crate::threaded::Threaded;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let (path, variant) = (&arguments.url, arguments.variant.as_str());
    match arguments.phase {
        Phase::Replay => {
            let connection = by_hand::open(path, variant)?;
            let replay = async move { by_hand::replay(&connection) };
            measure_replay(&arguments.sizes, replay).await
        }
        _ if variant == "thread" => run(&arguments, async |_| Threaded::start(path)).await,
        _ => {
            run(&arguments, async |connections| {
                Direct::open(path, variant, connections)
            })
            .await
        }
    }
}
