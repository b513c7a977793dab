//! The same by hand: tables and statements as one would write them for exactly this, on sqlx.
//!
//! Variants: `pool` takes a connection from sqlx's pool for each call, as everybody does; `noping`
//! does so without the pool's `test_before_acquire`; `own` keeps connections of its own; `json` does
//! that on a table whose payload is `json` in place of `jsonb`; `columns` on one that also has all
//! other columns of Rehydrate's.

mod connections;
mod fold;
mod postgres;
mod sqlite;

use peers_harness::{Arguments, Outcome, Phase, measure_replay, run};
use sqlx::{Postgres, Sqlite};

use crate::connections::Connections;

#[tokio::main(worker_threads = 2)]
async fn main() -> Outcome {
    tokio::spawn(measure(Arguments::of_this_process()?)).await?
}

async fn measure(arguments: Arguments) -> Outcome {
    let variant = arguments.variant.as_str();
    match arguments.phase {
        Phase::Fold => fold::measure(&arguments.sizes),
        _ if arguments.is_postgres() => {
            let seeds = matches!(arguments.phase, Phase::SeedReplay | Phase::SeedCommands);
            if arguments.phase == Phase::SeedReplay {
                postgres::create_tables(&arguments.url).await?;
            }
            // All tables are filled; each variant uses one of them.
            let tables = match variant {
                _ if seeds => &[postgres::JSONB, postgres::JSON, postgres::COLUMNS][..],
                "json" => &[postgres::JSON],
                "columns" => &[postgres::COLUMNS],
                _ => &[postgres::JSONB],
            };
            for &statements in tables {
                let open = async |connections| {
                    let open = Connections::<Postgres>::open(&arguments.url, variant, connections);
                    Ok(postgres::ByHand::new(open.await?, statements))
                };
                if arguments.phase == Phase::Replay {
                    let by_hand = open(1).await?;
                    measure_replay(&arguments.sizes, by_hand.replay()).await?;
                } else {
                    run(&arguments, open).await?;
                }
            }
            Ok(())
        }
        phase => {
            if phase == Phase::SeedReplay {
                sqlite::create_tables(&arguments.url).await?;
            }
            let open = async |connections| {
                let open = Connections::<Sqlite>::open(&arguments.url, variant, connections);
                Ok(sqlite::ByHand::new(open.await?))
            };
            if phase == Phase::Replay {
                let by_hand = open(1).await?;
                return measure_replay(&arguments.sizes, by_hand.replay()).await;
            }
            run(&arguments, open).await?;
            if matches!(phase, Phase::SeedReplay | Phase::SeedCommands) {
                sqlite::fill_columns(&arguments.url).await?;
            }
            Ok(())
        }
    }
}
