//! Events to and from message brokers: [`Publisher`](rehydrate::Publisher) and
//! [`Source`](rehydrate::Source) for Kafka, Kinesis and NATS JetStream, each behind a feature.

#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kinesis")]
pub mod kinesis;
#[cfg(feature = "nats")]
pub mod nats;
