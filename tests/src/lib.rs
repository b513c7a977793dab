//! What the tests across the crates share: a domain, the stores, and a store that is watched.

pub mod account;
pub mod brokers;
pub mod engine;
pub mod fixtures;
pub mod kafka;
pub mod kinesis;
pub mod nats;
pub mod read_models;
pub mod servers;
pub mod stores;
pub mod stress;
pub mod watched;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
