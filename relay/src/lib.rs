//! Events to and from message brokers: [`Publisher`](rehydrate::Publisher) and
//! [`Source`](rehydrate::Source) for Kafka, Kinesis and NATS JetStream, each behind a feature.
//!
//! [`publisher`] and [`source`] pick the broker by an address.

#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kinesis")]
pub mod kinesis;
#[cfg(feature = "nats")]
pub mod nats;

mod connect;
#[cfg_attr(
    not(all(feature = "kafka", feature = "kinesis", feature = "nats")),
    allow(dead_code, reason = "not every adapter needs every part of an address")
)]
mod url;

pub use self::connect::{ConnectError, lazy_publisher, publisher, source};
