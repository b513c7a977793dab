//! How fast, and what to do about newer versions.

use std::time::Duration;

/// What a runner does when a projection is registered with a newer version than the live one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// It builds the newer one beside the live one, and swaps it in once it has caught up. The old
    /// table is kept under its own name.
    #[default]
    Automatic,
    /// It goes on with the live version, if that is registered too; somebody rebuilds and swaps.
    Manual,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// So many events in a transaction, at most.
    pub(crate) batch: usize,
    /// Ask the log again after this time, at the latest.
    pub(crate) poll: Duration,
    /// Whoever is not the leader looks again after this time.
    pub(crate) standby: Duration,
    /// A checkpoint that has moved over foreign events only is written after this time.
    pub(crate) idle_write: Duration,
    /// Whoever leads a reactor and is not heard of for this time does not lead any more.
    pub(crate) lease: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 1_000,
            poll: Duration::from_millis(500),
            standby: Duration::from_millis(250),
            idle_write: Duration::from_millis(500),
            lease: Duration::from_secs(10),
        }
    }
}
