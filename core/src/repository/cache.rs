//! States kept in memory between commands.

#[cfg(not(feature = "cache"))]
mod absent;
#[cfg(feature = "cache")]
mod present;

#[cfg(not(feature = "cache"))]
pub(super) use absent::Shelf;
#[cfg(feature = "cache")]
pub(super) use present::Shelf;
#[cfg(feature = "cache")]
pub use present::{Cache, Staleness};
