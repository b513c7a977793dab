//! The command line of `ops dead-letters`.

use clap::{Args, Subcommand};

use super::Consent;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Letters {
    /// List the events that have failed, or were skipped.
    List {
        /// Only those of this projection, reactor or relay.
        name: Option<String>,
    },
    /// Show one of them, with its error and its payload.
    Show(Letter),
    /// Have one of them, or all, tried again.
    Retry {
        /// The projection, reactor or relay.
        name: String,
        /// The event's position.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        position: Option<u64>,
        /// All that have failed.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// Go on without one of them. It stays on file, with the reason.
    Skip {
        #[command(flatten)]
        letter: Letter,
        /// Why, for those who look at it later.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        consent: Consent,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Letter {
    /// The projection, reactor or relay.
    pub(crate) name: String,
    /// The event's position.
    pub(crate) position: u64,
}
