//! What the adapter of Kafka promises, on real brokers and on one that fails when it is told.

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
mod old;
mod publishing;
mod reading;
