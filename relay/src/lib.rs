//! Events to and from message brokers: [`Publisher`](rehydrate::Publisher) and
//! [`Source`](rehydrate::Source) for NATS JetStream, behind the feature `nats`.
//!
//! [`publisher`] and [`source`] pick the broker by an address.

#[cfg(feature = "nats")]
pub mod nats;

mod connect;
#[cfg_attr(
    not(feature = "nats"),
    allow(dead_code, reason = "not every adapter needs every part of an address")
)]
mod url;

pub use self::connect::{ConnectError, publisher, source};
