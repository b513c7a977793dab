//! Messages, and a stream of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use async_nats::jetstream;
use rehydrate::{Begin, CloudEvent, Message, PublishError, Reader, Source};
use rehydrate_relay::nats::{NatsOptions, NatsPublisher, NatsSource};
use rehydrate_tests::nats;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of the server of the machine, gone with the test.
pub(crate) struct Stream {
    pub(crate) server: String,
    pub(crate) name: String,
}

impl Stream {
    /// A name that no stream has, if there is a server.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = nats::shared()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.expect("it is later than 1970").as_micros();
        let name = format!("rehydrate-{}-{now}-{number}", std::process::id());
        Some(Self { server, name })
    }

    pub(crate) fn options(&self) -> NatsOptions {
        options(&self.server, &self.name)
    }

    pub(crate) fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    pub(crate) async fn publisher(&self) -> NatsPublisher {
        let publisher = NatsPublisher::connect(self.options()).await;
        publisher.expect("the publisher connects")
    }

    pub(crate) async fn source(&self, topic: &str) -> NatsSource {
        let source = NatsSource::connect(self.options(), &self.topic(topic)).await;
        source.expect("the source connects")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Err(error) = nats::delete_stream(&self.server, &self.name) {
            eprintln!("the stream {} is still there: {error}", self.name);
        }
    }
}

pub(crate) fn options(server: &str, stream: &str) -> NatsOptions {
    let options = NatsOptions::new(&format!("{}/{stream}", server.trim_end_matches('/')));
    options.expect("it is an address").create(true)
}

/// The client itself.
pub(crate) async fn jetstream(server: &str) -> jetstream::Context {
    let client = async_nats::connect(server).await;
    jetstream::new(client.expect("the client connects"))
}

pub(crate) fn event(stream_id: &str, version: u64) -> CloudEvent {
    let text = format!(
        r#"{{"specversion":"1.0","id":"{stream_id}-{version}","source":"/test","type":"counted",
            "subject":"{stream_id}","time":"2024-01-02T03:04:05.678901Z","category":"count",
            "streamversion":"{version}","position":"{version}","schemaversion":"1",
            "data":{{"number":{version}}}}}"#
    );
    CloudEvent::from_json(&text).expect("it is an event")
}

pub(crate) fn message(topic: &str, stream_id: &str, version: u64) -> Message {
    Message::new(
        topic,
        format!("count/{stream_id}"),
        event(stream_id, version),
    )
}

/// So many streams, version by version.
pub(crate) fn messages(topic: &str, streams: u64, versions: u64) -> Vec<Message> {
    let all = (1..=versions).flat_map(|version| {
        (1..=streams).map(move |stream| message(topic, &format!("s{stream}"), version))
    });
    all.collect()
}

pub(crate) fn assert_confirmed(outcomes: &[Result<(), PublishError>]) {
    for outcome in outcomes {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}

pub(crate) async fn open(source: &NatsSource, begin: Begin) -> Box<dyn Reader> {
    let reader = source.open(&begin).await;
    reader.expect("the source can be opened")
}

/// Everything up to the end.
pub(crate) async fn read_all(source: &NatsSource) -> Vec<CloudEvent> {
    let mut reader = open(source, Begin::Beginning).await;
    let mut events = Vec::new();
    loop {
        let received = reader.next(500, Duration::from_millis(100)).await;
        let received = received.expect("it can be read");
        let messages = received.messages.into_iter();
        events.extend(messages.map(|message| message.event.expect("it is an event")));
        if received.is_at_end {
            return events;
        }
    }
}
