//! The port to a message broker: what goes out, and what every publisher promises.

mod envelope;
mod error;

use std::fmt::Debug;

use async_trait::async_trait;

pub use self::envelope::{CloudEvent, EnvelopeError};
pub use self::error::PublishError;

/// What is sent to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Where it goes: a topic, a stream or a subject.
    pub topic: String,
    /// Messages with the same key stay in order; it is the event's stream, `payment/0190…`.
    pub key: String,
    /// What it says.
    pub event: CloudEvent,
}

impl Message {
    /// A message with this key.
    pub fn new(topic: impl Into<String>, key: impl Into<String>, event: CloudEvent) -> Self {
        Self {
            topic: topic.into(),
            key: key.into(),
            event,
        }
    }
}

/// Sends messages to a broker.
///
/// Each sentence below is a promise, and a test of that name in
/// [`publisher_contract!`](crate::publisher_contract), which every publisher runs:
///
/// - Every message gets an outcome, in the order of the batch.
/// - A confirmed message is in the broker.
/// - A message arrives as it was sent.
/// - Messages of one key arrive in the order of the batch.
/// - Batches arrive in the order in which they were sent.
/// - An empty batch sends nothing.
/// - A message that is too large is rejected, and those of other keys are sent.
/// - After a message that failed no later one of its key in the batch is sent.
/// - A message that is sent twice has the same id.
///
/// At least once: where it is not known whether the broker has a message, the outcome is an error,
/// and the message is sent again.
#[async_trait]
pub trait Publisher: Debug + Send + Sync + 'static {
    /// The broker, for people: its address, without a password.
    ///
    /// A relay keeps it with its checkpoint, and does not go on with another one: so it is the same
    /// text for the same broker, whoever writes the address and in whichever order, and another one
    /// for another.
    fn destination(&self) -> String;

    /// Sends a batch; one outcome for each message, in their order.
    ///
    /// If this future is dropped, any of the messages may have been sent.
    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>>;
}

#[async_trait]
impl<P: Publisher + ?Sized> Publisher for std::sync::Arc<P> {
    fn destination(&self) -> String {
        (**self).destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        (**self).publish(batch).await
    }
}
