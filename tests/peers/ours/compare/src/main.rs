//! Runs the contestants in turns and prints what they measured.

mod contestants;
mod details;
mod judge;
mod options;
mod postgres;
mod probe;
mod programs;
mod results;
mod rounds;
mod rows;
mod seeds;
mod sqlite;
mod table;

use clap::Parser;
use peers_harness::Outcome;

use crate::options::{Options, What};
use crate::results::Results;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let options = Options::parse();
    let results = match options.what {
        Some(What::Report) => Results::latest(&options)?,
        Some(What::Quick) | None => rounds::run(&options).await?,
    };
    println!("\n{}", table::of(&results));
    println!("{}", details::of(&results));
    Ok(())
}
