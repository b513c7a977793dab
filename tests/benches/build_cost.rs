//! What the compiler takes for rehydrate: our derive beside serde's on the same enum, and a store
//! beside sqlx alone.
//!
//! `cargo bench -p rehydrate-tests --bench build_cost` prints the medians of interleaved rounds and
//! their ratios, as seconds of the clock and of the processor. (With `--profile dev` the crates that
//! it does not use are built sooner.) The ratios that are aimed at are 1.5 for the enum and 1.25 for
//! a store. Everything is built without optimizations and incremental compilation, in temporary
//! folders, from what has been fetched for the workspace.
//! `REHYDRATE_BENCH_VARIANTS` (100) says how large the enum is, `REHYDRATE_BENCH_ROUNDS` (7) how
//! often it is compiled, `REHYDRATE_BENCH_BUILDS` (3) how often the stores are built, which takes
//! minutes; 0 leaves them out. `REHYDRATE_BENCH_KEEP` is a folder for the generated packages, to look
//! into them.

#[path = "build_cost/enums.rs"]
mod enums;
#[path = "build_cost/packages.rs"]
mod packages;
#[path = "build_cost/spent.rs"]
mod spent;
#[path = "build_cost/stores.rs"]
mod stores;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = spent::as_wrapper() {
        return code;
    }
    // `cargo test --benches` only wants to know that it compiles.
    if !env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let scratch = tempfile::tempdir().expect("a folder can be made");
    let kept = env::var_os("REHYDRATE_BENCH_KEEP").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| scratch.path().to_owned());
    let rounds = setting("REHYDRATE_BENCH_ROUNDS", 7);
    if rounds > 0 {
        enums::measure(&folder, setting("REHYDRATE_BENCH_VARIANTS", 100), rounds);
    }
    let builds = setting("REHYDRATE_BENCH_BUILDS", 3);
    if builds > 0 {
        stores::measure(&folder, builds);
    }
    ExitCode::SUCCESS
}

fn setting(name: &str, default: usize) -> usize {
    let given = env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}
