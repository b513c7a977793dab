//! The command line of `ops`.

pub(crate) mod letters;
pub(crate) mod projections;
pub(crate) mod relay;
pub(crate) mod schema;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use self::letters::Letters;
use self::projections::Projections;
use self::relay::Relay;
use self::schema::Schema;
use crate::time;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing to look at; a dry run is done, too
  1  not done, or done with something to look at: a lag above the limit, a difference that `verify`
     found, something stored that this program cannot read, a finding of `doctor` that needs a
     person, an unknown stream, a store that fails
  2  the command line is wrong, or names a projection, reactor, relay or aggregate
     that there is not

Result: on stdout, with --json as one JSON value, also for an error: {\"error\": …, \"causes\": […]}.
What throws away or overwrites rows, or publishes again, is a dry run unless --yes.";

/// Looks after the log, the projections, the reactors and the relays.
///
/// It is a group of [clap] arguments: a variant `Ops(Ops)` makes it a sub-command of an
/// application. [`Console::run`](crate::Console::run) carries it out.
#[derive(Clone, Debug, Args)]
#[command(
    about = "Look after the log, the projections, the reactors and the relays",
    long_about = None,
    after_help = EXIT_CODES,
    disable_version_flag = true
)]
pub struct Ops {
    /// Print one JSON value, and nothing else, on stdout.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how far the log and everybody who reads it are, and how they fare.
    Status(Status),
    /// Show how far behind everybody is; fail if it is too much.
    Lag(Lag),
    /// List the streams of a category, or the categories.
    Streams(Streams),
    /// Show an aggregate and its events, now or in the past.
    Stream(Stream),
    /// Rebuild read models, compare them, swap them; pause and resume.
    #[command(subcommand)]
    Projections(Projections),
    /// Look at events that could not be taken; try them again or go on without them.
    #[command(subcommand)]
    DeadLetters(Letters),
    /// Look at relays and their brokers, and have events published again.
    #[command(subcommand, after_help = relay::ELSEWHERE)]
    Relay(Relay),
    /// Compare snapshots with a full replay, and read models with their events.
    Verify(Verify),
    /// See whether this program can read what is stored.
    #[command(subcommand)]
    Schema(Schema),
    /// Copy the log to another store, or go on with a copy, and verify it.
    Copy(Copy),
    /// Look for what needs a person, and say what to do.
    Doctor,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Status {
    /// End with exit code 1 if anything has failed or is parked.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Lag {
    /// End with exit code 1 if anybody is more than so many events behind.
    #[arg(long, value_name = "EVENTS")]
    pub(crate) fail_above: Option<u64>,
    /// End with exit code 1 if an event waits longer than so many seconds for anybody.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) fail_above_seconds: Option<f64>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Streams {
    /// The category; without it, the categories are listed.
    pub(crate) category: Option<String>,
    /// List at most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// List those after this id.
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Stream {
    /// The stream, as `category/id`; the id is enough if the program has one aggregate.
    #[arg(value_name = "ID")]
    pub(crate) stream: String,
    /// As it was at this version.
    #[arg(long, value_name = "N", conflicts_with = "as_of")]
    pub(crate) at_version: Option<u64>,
    /// As it was at the end of this day, or at this RFC 3339 time (UTC).
    #[arg(long, value_name = "TIME", value_parser = time::until)]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// The events as they are stored, with their metadata, and no state.
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Verify {
    /// Look at so many aggregates of each kind, evenly spread over their ids.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) sample: usize,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Copy {
    /// The store to copy to; its tables are made.
    pub(crate) target_url: String,
    /// Write every event as this program writes it today, and compare the states of all aggregates.
    ///
    /// Positions and versions stay. A retired event, or one that is today none or several, is copied
    /// as it is stored. Which attributes of the events the program has to keep is in the report.
    #[arg(long)]
    pub(crate) upcast: bool,
    /// Leave retired events out, write split ones as several, and count positions and versions anew.
    ///
    /// Consumers start anew on such a copy, and the versions that clients remember are void.
    #[arg(long, requires = "upcast")]
    pub(crate) renumber: bool,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// The consent to what cannot be taken back.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Consent {
    /// Do it, where it is a dry run otherwise; elsewhere it changes nothing.
    #[arg(long)]
    pub(crate) yes: bool,
}
