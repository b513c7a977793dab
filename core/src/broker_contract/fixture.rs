//! A broker under test, and messages for it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use rehydrate_port::{Position, SchemaVersion, Version};
use tokio::time::Instant;
use uuid::Uuid;

use crate::publish::{CloudEvent, Message, PublishError, Publisher};
use crate::source::{Begin, Reader, Received, ReceivedMessage, Source};

/// How long a broker may take for what it does at once, usually.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A broker under test, with a topic that nobody else uses.
#[async_trait]
pub trait ContractBroker: Send + Sync {
    /// What sends to the topic.
    fn publisher(&self) -> &dyn Publisher;

    /// What reads the topic.
    fn source(&self) -> Box<dyn Source>;

    /// The topic, which is new and empty.
    fn topic(&self) -> String;

    /// So many bytes of data are too many for one message.
    fn too_large(&self) -> usize;

    /// Puts something into the topic that is no event, by the broker's own client.
    async fn put_garbage(&self, text: &str);
}

/// A broker under test, or `None` where a server is missing; whoever makes it says so.
pub trait MaybeBroker {
    /// The broker.
    fn broker(&self) -> Option<&dyn ContractBroker>;
}

impl<B: ContractBroker> MaybeBroker for B {
    fn broker(&self) -> Option<&dyn ContractBroker> {
        Some(self)
    }
}

impl<B: MaybeBroker> MaybeBroker for Option<B> {
    fn broker(&self) -> Option<&dyn ContractBroker> {
        self.as_ref()?.broker()
    }
}

/// The `version`-th event of a stream.
pub(super) fn event(stream_id: &str, version: u64) -> CloudEvent {
    CloudEvent {
        id: Uuid::now_v7().to_string(),
        source: "/contract".to_owned(),
        event_type: "counted".to_owned(),
        category: "contract".to_owned(),
        stream_id: stream_id.to_owned(),
        version: Version(version),
        position: Position(version * 7),
        schema_version: SchemaVersion::FIRST,
        recorded_at: DateTime::UNIX_EPOCH,
        correlation_id: None,
        causation_id: None,
        extensions: BTreeMap::new(),
        data: format!("{{\"number\":{version}}}"),
    }
}

pub(super) fn message(broker: &dyn ContractBroker, stream_id: &str, version: u64) -> Message {
    let key = format!("contract/{stream_id}");
    Message::new(broker.topic(), key, event(stream_id, version))
}

/// Sends messages that all have to be confirmed.
pub(super) async fn publish(broker: &dyn ContractBroker, messages: &[Message]) {
    let outcomes = broker.publisher().publish(messages).await;
    assert_eq!(outcomes.len(), messages.len(), "one outcome a message");
    for (outcome, message) in outcomes.iter().zip(messages) {
        assert!(outcome.is_ok(), "{}: {outcome:?}", message.key);
    }
}

/// The kinds of outcomes, in few letters.
pub(super) fn kinds(outcomes: &[Result<(), PublishError>]) -> Vec<&'static str> {
    let kinds = outcomes.iter().map(|outcome| match outcome {
        Ok(()) => "confirmed",
        Err(PublishError::Unavailable { .. }) => "unavailable",
        Err(PublishError::Failed { .. }) => "failed",
        Err(PublishError::Rejected { .. }) => "rejected",
        Err(PublishError::NotSent) => "not sent",
    });
    kinds.collect()
}

pub(super) async fn open(broker: &dyn ContractBroker, begin: &Begin) -> Box<dyn Reader> {
    let opened = broker.source().open(begin).await;
    opened.expect("the source can be opened")
}

/// Reads until so many messages have come.
pub(super) async fn read(reader: &mut dyn Reader, count: usize) -> Vec<ReceivedMessage> {
    let mut messages = Vec::new();
    while messages.len() < count {
        let received: Received = reader
            .next(count - messages.len(), PATIENCE)
            .await
            .expect("the source can be read");
        assert!(
            !received.messages.is_empty(),
            "only {} of {count} messages came",
            messages.len()
        );
        messages.extend(received.messages);
    }
    messages
}

/// Reads up to the end.
pub(super) async fn read_all(broker: &dyn ContractBroker) -> Vec<CloudEvent> {
    let mut reader = open(broker, &Begin::Beginning).await;
    let mut events = Vec::new();
    let begun = Instant::now();
    loop {
        let received = reader
            .next(100, Duration::from_millis(100))
            .await
            .expect("the source can be read");
        events.extend(received.messages.into_iter().map(whole));
        if received.is_at_end {
            return events;
        }
        assert!(begun.elapsed() < PATIENCE, "the source has no end");
    }
}

pub(super) fn whole(message: ReceivedMessage) -> CloudEvent {
    match message.event {
        Ok(event) => event,
        Err(error) => panic!("{} is no event: {error}", message.place),
    }
}

/// The versions of a stream's events, in the order in which they came, without repetitions.
pub(super) fn versions<'a>(
    events: impl IntoIterator<Item = &'a CloudEvent>,
    stream_id: &str,
) -> Vec<u64> {
    let mut versions: Vec<u64> = Vec::new();
    for event in events {
        let version = event.version.0;
        if event.stream_id == stream_id && !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions
}
