//! Rehydrate, as a user would write it: through its public API, with its defaults.

mod account;
mod counter;
mod fold;
mod peer;

use std::sync::Arc;

use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};
use rehydrate::EventStore;
use rehydrate_sqlx::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Synchronous};

use crate::peer::Accounts;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    match arguments.phase {
        Phase::Fold => fold::measure(&arguments.sizes),
        Phase::Replay => {
            let store = open(&arguments, 1).await?;
            measure_replay(&arguments.sizes, counter::replay(store)).await
        }
        Phase::SeedReplay | Phase::SeedCommands | Phase::Commands => {
            run(&arguments, async |connections| {
                Ok(Accounts::new(open(&arguments, connections).await?))
            })
            .await
        }
    }
}

async fn open(arguments: &Arguments, connections: usize) -> Outcome<Arc<dyn EventStore>> {
    if arguments.is_postgres() {
        let options = PostgresOptions::from_url(&arguments.url)?.max_connections(connections);
        PostgresStore::migrate(&options).await?;
        Ok(Arc::new(PostgresStore::connect(options).await?))
    } else {
        // As all others: without it, an append is not acknowledged before it is on the disk.
        let options = SqliteOptions::new(&arguments.url).synchronous(Synchronous::Normal);
        Ok(Arc::new(SqliteStore::connect(options).await?))
    }
}
