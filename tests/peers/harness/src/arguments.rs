//! How a contestant is called.

use std::env;

use crate::peer::Outcome;
use crate::sizes::Sizes;

/// What a contestant is to do: `PHASE [URL] [--variant NAME] [--workloads w1,w2] [--streams N]
/// [--small]`.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// What to do.
    pub phase: Phase,
    /// The database: a URL of PostgreSQL, or the path of a SQLite file.
    pub url: String,
    /// Which way of doing it, for contestants that know several; empty for the usual one.
    pub variant: String,
    /// Which of the workloads.
    pub workloads: Workloads,
    /// How much of everything.
    pub sizes: Sizes,
}

/// What a contestant is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Fill an empty database with what W5 replays.
    SeedReplay,
    /// Add what W2 and W4 load.
    SeedCommands,
    /// Run W1 to W4.
    Commands,
    /// Run W5.
    Replay,
    /// Run W6.
    Fold,
}

/// Some of the workloads; all of them, if none is named.
#[derive(Debug, Clone, Default)]
pub struct Workloads(Vec<String>);

impl Workloads {
    /// Those that are named, with commas between them.
    #[must_use]
    pub fn named(names: &str) -> Self {
        let names = names.split(',').filter(|name| !name.is_empty());
        Self(names.map(str::to_owned).collect())
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|named| named == name)
    }
}

impl Arguments {
    /// The arguments of this process.
    ///
    /// # Errors
    /// One of them is unknown or missing.
    pub fn of_this_process() -> Outcome<Self> {
        let mut given = env::args().skip(1);
        let phase = match given.next().as_deref() {
            Some("seed-replay") => Phase::SeedReplay,
            Some("seed-commands") => Phase::SeedCommands,
            Some("commands") => Phase::Commands,
            Some("replay") => Phase::Replay,
            Some("fold") => Phase::Fold,
            other => return Err(format!("unknown phase {other:?}").into()),
        };
        let mut arguments = Self {
            phase,
            url: String::new(),
            variant: String::new(),
            workloads: Workloads::default(),
            sizes: Sizes::full(),
        };
        let mut streams = None;
        while let Some(name) = given.next() {
            let mut value = || given.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--variant" => arguments.variant = value()?,
                "--workloads" => arguments.workloads = Workloads::named(&value()?),
                "--streams" => streams = Some(value()?.parse()?),
                "--small" => arguments.sizes = Sizes::small(),
                _ if name.starts_with("--") => return Err(format!("unknown option {name}").into()),
                _ => arguments.url = name,
            }
        }
        arguments.sizes.streams = streams.unwrap_or(arguments.sizes.streams);
        Ok(arguments)
    }

    /// Whether the database is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }
}
