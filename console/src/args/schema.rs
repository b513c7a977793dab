//! The command line of `ops schema`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Schema {
    /// Count the events of every type and version in the store, and say what they mean here.
    Census,
    /// Decode every stored event with this program, as before a deploy; nothing is written.
    Verify(Verify),
    /// Compare this program's events with those that were shipped, and decode an example of each.
    Check(Files),
    /// Add new events, versions and optional fields to the files of what was shipped.
    Update(Files),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Files {
    /// The folder with `events.lock` and `events.golden`: that of the crate.
    #[arg(long = "in", value_name = "FOLDER", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Verify {
    /// Only the events of this category; may be given several times.
    #[arg(long = "category", value_name = "NAME")]
    pub(crate) categories: Vec<String>,
    /// Only events after this position, for what has come since an earlier run.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    pub(crate) after: u64,
}
