//! The command line of `ops relay`.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use rehydrate::{Position, RewindTo};

use super::Consent;
use crate::time;

pub(crate) const ELSEWHERE: &str = "\
Relays are paused and resumed as everybody else: `projections pause NAME`, `projections resume NAME`.
Messages that a broker did not take are dead letters: `dead-letters list NAME`.";

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Relay {
    /// Show where each relay sends, how far it is, and what went wrong last.
    Status(RelayStatus),
    /// Have a relay publish again what it has published before.
    ///
    /// It may run meanwhile. Those who read the broker take no event twice. What was skipped stays
    /// skipped.
    Rewind(RelayRewind),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RelayStatus {
    /// Only this one.
    pub(crate) name: Option<String>,
    /// End with exit code 1 if any of them cannot get on, is paused, or has something parked, or if
    /// nothing was confirmed since its last error.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RelayRewind {
    /// The relay.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// Publish again what comes after this position.
    #[arg(long, value_name = "N")]
    to_position: Option<u64>,
    /// Publish everything again.
    #[arg(long)]
    to_beginning: bool,
    /// Publish again what was recorded at this time or on this day (UTC), or later.
    #[arg(long, value_name = "TIME", value_parser = time::since)]
    to_time: Option<DateTime<Utc>>,
}

impl Place {
    pub(crate) fn rewind_to(&self) -> RewindTo {
        match (self.to_position, self.to_time) {
            (Some(position), _) => RewindTo::Position(Position(position)),
            (None, Some(time)) => RewindTo::Time(time),
            (None, None) => RewindTo::Beginning,
        }
    }
}
