//! eventcore 2.1.

mod account;
mod commands;
mod peer;

use eventcore_postgres::PostgresEventStore;
use eventcore_sqlite::{SqliteEventStore, rusqlite};
use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};

use crate::peer::{Accounts, replay};

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let url = &arguments.url;
    if arguments.is_postgres() {
        let open = async |connections| {
            let pool = peers_shared::postgres(url, connections).await?;
            Outcome::Ok(PostgresEventStore::from_pool(pool))
        };
        match arguments.phase {
            Phase::Replay => {
                let store = open(1).await?;
                return measure_replay(&arguments.sizes, replay(&store)).await;
            }
            Phase::SeedReplay => open(1).await?.migrate().await,
            _ => {}
        }
        run(&arguments, async |connections| {
            Ok(Accounts(open(connections).await?))
        })
        .await
    } else {
        match arguments.phase {
            Phase::Replay => {
                let store = open_file(url)?;
                return measure_replay(&arguments.sizes, replay(&store)).await;
            }
            Phase::SeedReplay => open_file(url)?.migrate().await?,
            _ => {}
        }
        // One connection behind a mutex, however many writers there are.
        run(&arguments, async |_| Ok(Accounts(open_file(url)?))).await
    }
}

/// With the settings that every contestant has; its own default is `synchronous = FULL`.
fn open_file(path: &str) -> Outcome<SqliteEventStore> {
    let connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(SqliteEventStore::from_connection(connection))
}
