//! What the adapter of NATS JetStream promises, on a real server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says with a panic that it has failed"
)]

mod contract;
mod fixture;
mod login;
mod publishing;
mod reading;
mod restarts;
