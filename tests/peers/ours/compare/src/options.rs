//! What the comparison is asked to do.

use std::env;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use peers_harness::{Outcome, Workloads};

use crate::contestants::{Backend, Contestant};

/// Rehydrate beside other frameworks, and beside the same work by hand.
#[derive(Debug, Parser)]
#[command(name = "tests/peers/run")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) what: Option<What>,

    /// How often everything is measured.
    #[arg(long, default_value_t = 6, global = true)]
    rounds: u32,

    /// Only these contestants: names, or `raw`, `peers`, `rehydrate`.
    #[arg(long, value_name = "A,B", default_value = "", global = true)]
    only: String,

    /// Only these workloads: w1 to w6, and `memory`, which is W5 on ten times as many events.
    #[arg(long, value_name = "W1,W2", default_value = "", global = true)]
    workloads: String,

    /// Only this database.
    #[arg(long, global = true)]
    backend: Option<Backend>,

    /// Cargo's profile for all contestants; `final` is with link-time optimization.
    #[arg(long, default_value = "release", global = true)]
    pub(crate) profile: String,

    /// Seeds the chosen contestants anew: after their tables have changed.
    #[arg(long, global = true)]
    pub(crate) reseed: bool,

    /// Little of everything, to see whether it works.
    #[arg(long, global = true)]
    pub(crate) small: bool,

    /// How many seconds to wait for a quiet machine, before each turn of a contestant.
    #[arg(long, default_value_t = 60, global = true)]
    pub(crate) patience: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum What {
    /// One round.
    Quick,
    /// The table of what was measured last.
    Report,
}

impl Options {
    pub(crate) fn rounds(&self) -> u32 {
        match self.what {
            Some(What::Quick) => 1,
            Some(What::Report) | None => self.rounds,
        }
    }

    pub(crate) fn workloads(&self) -> Workloads {
        Workloads::named(&self.workloads)
    }

    /// A workload that is slow to prepare: not in a quick round, unless it is named.
    pub(crate) fn wants_memory(&self) -> bool {
        if self.what == Some(What::Quick) {
            self.workloads.split(',').any(|named| named == "memory")
        } else {
            self.workloads().has("memory")
        }
    }

    /// Of W1 to W4, which a contestant runs in one process.
    pub(crate) fn commands(&self) -> String {
        let all = ["w1", "w2", "w3", "w4"];
        let chosen: Vec<_> = all
            .into_iter()
            .filter(|name| self.workloads().has(name))
            .collect();
        chosen.join(",")
    }

    pub(crate) fn has(&self, backend: Backend) -> bool {
        self.backend.is_none_or(|only| only == backend)
    }

    pub(crate) fn chooses(&self, contestant: &Contestant) -> bool {
        let only = Workloads::named(&self.only);
        only.has(contestant.name) || only.has(contestant.group.name())
    }

    /// Where everything is kept that is made here.
    pub(crate) fn folder() -> Outcome<PathBuf> {
        let folder = env::var_os("REHYDRATE_PEERS_DIR")
            .ok_or("REHYDRATE_PEERS_DIR is not set: begin with tests/peers/run")?;
        Ok(folder.into())
    }
}
