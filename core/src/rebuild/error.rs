//! What can stand in the way of a rebuild.

use rehydrate_port::{BoxError, StoreError};

/// Why a projection was not rebuilt. Nothing has changed for those who read it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// There is no live table that could be rebuilt.
    #[error("{consumer} has never run on this store: run it, and it is built from the whole log")]
    NeverRun {
        /// The projection.
        consumer: String,
    },
    /// There is nothing to compare or to swap in.
    #[error("{consumer} has no build beside the live one: rebuild it first")]
    NothingBuilt {
        /// The projection.
        consumer: String,
    },
    /// What has been built is of another definition than this program's.
    #[error(
        "build {build} of {consumer} was begun with version {found} or another shape, and this program has version {own}: discard it, then rebuild"
    )]
    OtherBuild {
        /// The projection.
        consumer: String,
        /// The build.
        build: u32,
        /// The version of its definition.
        found: u32,
        /// The version of this program's.
        own: u32,
    },
    /// The rows have another table than those of the live build, so readers would not find them.
    #[error(
        "the table of {consumer} is {live}, and this program calls it {own}: keep the table's name, or give the projection another NAME"
    )]
    TableRenamed {
        /// The projection.
        consumer: String,
        /// The live table.
        live: String,
        /// The table of this program's definition.
        own: String,
    },
    /// Some streams of the build are parked, so it would go live with rows that are not whole.
    #[error(
        "{streams} streams are parked in build {build} of {consumer}: retry or skip their dead letters first"
    )]
    Parked {
        /// The projection.
        consumer: String,
        /// The build.
        build: u32,
        /// How many.
        streams: usize,
    },
    /// Its rows are made of the events of many streams, so one stream alone cannot be refolded.
    #[error(
        "the rows of {consumer} are made of the events of many streams: rebuild it as a whole, or declare `ROWS = RowScope::PerStream` if that is what they are"
    )]
    SharedRows {
        /// The projection.
        consumer: String,
    },
    /// Another version is live, and its rows are not this program's to change.
    #[error("version {live} of {consumer} is live, and this program has version {own}")]
    NotLive {
        /// The projection.
        consumer: String,
        /// The version that is live.
        live: u32,
        /// The version of this program.
        own: u32,
    },
    /// It is kept from a message broker, so the log is not what it is built from.
    #[error(
        "{consumer} is kept from a broker on this store, and not from the log: rebuild it with Feed::rebuild"
    )]
    Fed {
        /// The projection.
        consumer: String,
    },
    /// An event cannot be applied.
    #[error("cannot apply {event}")]
    Event {
        /// Which one.
        event: String,
        /// Why.
        source: BoxError,
    },
    /// The store failed. See its kind: what can be tried again goes on where it was.
    #[error(transparent)]
    Store(#[from] StoreError),
}
