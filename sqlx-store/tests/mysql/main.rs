//! What is MySQL's and MariaDB's own about the store, and the contract on a real server.
//!
//! The server is the one of `REHYDRATE_MYSQL_URL`, or a local one. Every test has a database of its
//! own. Where no server answers, the tests fail in CI and say elsewhere what was not run.

#![cfg(feature = "mysql")]

// `cfg(test)`, so that Clippy lets the helpers of tests unwrap and panic.
#[cfg(test)]
mod builds;
#[cfg(test)]
mod common;
#[cfg(test)]
mod consumers;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod order;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod trips;
#[cfg(test)]
mod url;
