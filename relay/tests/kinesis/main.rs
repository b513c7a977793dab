//! What the adapter of Kinesis promises, on servers of the tests' own.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says with a panic that it has failed"
)]

mod contract;
mod faults;
mod fixture;
mod login;
mod proxy;
mod publishing;
mod reading;
mod resharding;
mod restarts;
