//! The command line of `ops projections`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::Consent;
use crate::time;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Projections {
    /// List the projections and their builds.
    List,
    /// Say what a rebuild would do.
    Plan(Which),
    /// Replay the log into a shadow beside the live table, or go on with it.
    Rebuild(Rebuild),
    /// Compare the shadow with the live table.
    Diff(Diff),
    /// Put the shadow in the place of the live table.
    Swap(Swap),
    /// Have a projection, reactor or relay stand still.
    Pause(Named),
    /// Have a projection, reactor or relay that was paused, or has failed, go on.
    Resume(Named),
    /// Throw a shadow away.
    Discard(Changed),
    /// Drop the tables that were live once.
    DropOld(Changed),
    /// Replay a part of the log over the live rows of an idempotent projection.
    Replay(Replay),
}

/// A projection of the program.
#[derive(Clone, Debug, Args)]
#[command(disable_version_flag = true)]
pub(crate) struct Which {
    /// The projection.
    pub(crate) name: String,
    /// This version of it; the newest of the program if not set.
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u32>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Changed {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// A projection, reactor or relay of the store.
#[derive(Clone, Debug, Args)]
pub(crate) struct Named {
    /// The projection, reactor or relay.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Rebuild {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Replay at most so many events in a second.
    #[arg(long, value_name = "EVENTS_PER_SECOND")]
    pub(crate) throttle: Option<u32>,
    /// Take so many events in one transaction.
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Throw away what has been built so far, and begin anew.
    #[arg(long, conflicts_with = "stream")]
    pub(crate) restart: bool,
    /// Refold the live rows of this stream alone: `category/id`, or the id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["throttle", "batch"])]
    pub(crate) stream: Option<String>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Show at most so many rows.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Swap {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Drop the table that was live.
    #[arg(long)]
    pub(crate) drop_old: bool,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only events recorded at this time or on this day (UTC), or later.
    #[arg(long, value_name = "TIME", value_parser = time::since)]
    pub(crate) since: Option<DateTime<Utc>>,
    /// Only events recorded at this time or on this day (UTC), or before.
    #[arg(long, value_name = "TIME", value_parser = time::until)]
    pub(crate) until: Option<DateTime<Utc>>,
    /// Only events after this position.
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<u64>,
    /// Only events up to this position.
    #[arg(long, value_name = "POSITION")]
    pub(crate) up_to: Option<u64>,
    /// Only events of this stored type; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}
