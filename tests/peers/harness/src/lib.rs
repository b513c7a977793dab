//! What every contestant of the comparison shares: the domain, the data, the workloads, the check of
//! every result and the measuring.
//!
//! It knows no database and no async runtime, so that contestants on tokio 0.2 and tokio 1, on sqlx
//! 0.8, sqlx 0.9 and rusqlite do the same work by the same code. A contestant is a program that
//! implements [`Peer`] and hands its phases to [`run`]; it prints its measurements as lines of JSON.

mod arguments;
mod commands;
mod counts;
mod domain;
mod fold;
mod id;
mod local_event;
mod machine;
mod peer;
mod replay;
mod report;
mod seed;
mod sizes;
mod together;

pub use arguments::{Arguments, Phase, Workloads};
pub use commands::measure as measure_commands;
pub use counts::Counts;
pub use domain::{Account, Deposit, Event, NotAllowed, deposit, event, expected_account};
pub use fold::{FOLDED, events_to_fold, measure as measure_fold};
pub use id::{Id, Kind};
pub use machine::{busy, nanoseconds_of_a_decode};
pub use peer::{Failure, Loaded, Outcome, Peer, Source, Task, run};
pub use replay::measure as measure_replay;
pub use report::Measurement;
pub use sizes::{CommandSizes, Sizes};
