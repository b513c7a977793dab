//! The operator's command line for [`rehydrate`]: what a person does with a log, its projections
//! and its reactors while they run.
//!
//! An application embeds it as a sub-command of its own, so that it knows the application's
//! aggregates and projections:
//!
//! ```
//! use std::process::ExitCode;
//!
//! use clap::{Parser, Subcommand};
//! use rehydrate::{Aggregate, Event, MemoryStore};
//! use rehydrate_console::{Console, Ops};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! enum LampEvent { SwitchedOn, SwitchedOff }
//!
//! #[derive(Aggregate, Default, Serialize)]
//! #[aggregate(id = String, event = LampEvent)]
//! struct Lamp { is_on: bool }
//!
//! impl ApplyLampEvent for Lamp {
//!     fn switched_on(&mut self) { self.is_on = true; }
//!     fn switched_off(&mut self) { self.is_on = false; }
//! }
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(subcommand)]
//!     command: Command,
//! }
//!
//! #[derive(Subcommand)]
//! enum Command {
//!     /// Looks after the log, the projections and the reactors.
//!     Ops(Ops),
//! }
//!
//! async fn run(cli: Cli) -> ExitCode {
//!     let console = Console::new(MemoryStore::new()).aggregate::<Lamp>();
//!     match cli.command {
//!         Command::Ops(ops) => console.run(ops).await,
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cli = Cli::parse_from(["lamps", "ops", "status", "--json"]);
//! assert_eq!(run(cli).await, ExitCode::SUCCESS);
//! # }
//! ```
//!
//! `--json` may stand anywhere after `ops`. An application that has a global `--json` of its own
//! calls the field `json`, of type `bool`: the two are then one, wherever it stands. Any other global
//! argument needs a name that no argument of `ops` has.
//!
//! What throws away or overwrites rows (`projections discard`, `drop-old`, `replay`,
//! `rebuild --restart`, `rebuild --stream`, `swap --drop-old`) says what it would do, and does it
//! with `--yes`. Everything else runs at once, and takes `--yes` too.
//!
//! Features: `bin` (default) is the program `rehydrate`, with what can be done without the
//! application's types, and every database. An application turns the default features off, and
//! names the databases that `ops copy` is to write to: `sqlite`, `postgres`, `mysql`.

mod args;
mod commands;
mod console;
mod error;
mod exit;
mod output;
#[cfg(feature = "bin")]
mod program;
mod quiet;
mod registry;
mod table;
mod time;

pub use args::Ops;
pub use console::Console;
pub use exit::Exit;
#[cfg(feature = "bin")]
pub use program::run_program;
