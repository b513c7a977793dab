//! What is SQLite's own about the store; what all stores promise is tested by the contract.

// `cfg(test)`, so that Clippy lets the helpers of tests unwrap and panic.
#[cfg(test)]
mod append;
#[cfg(test)]
mod builds;
#[cfg(test)]
mod common;
#[cfg(test)]
mod consumers;
#[cfg(test)]
#[path = "../shared/fixture.rs"]
mod fixture;
#[cfg(test)]
mod group;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod open;
#[cfg(test)]
mod read;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod url;
