//! NATS with JetStream.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, consumer::pull, stream};
use async_trait::async_trait;
use futures_util::StreamExt;
use rehydrate::{Message, Publisher, Source};
use rehydrate_relay::nats::{NatsOptions, NatsPublisher, NatsSource};
use rehydrate_tests::nats::Server;

use super::Broker;

const STREAM: &str = "fines";
/// So many are on their way before the first is awaited.
const WINDOW: usize = 4_000;

struct Nats {
    server: Server,
    version: String,
    client: jetstream::Context,
}

pub(super) async fn start() -> Option<Box<dyn Broker>> {
    let server = Server::start()?;
    let client = async_nats::connect(server.url()).await;
    let client = client.expect("the client connects");
    let version = client.server_info().version;
    let client = jetstream::new(client);
    let made = client
        .create_stream(stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{STREAM}.>")],
            ..stream::Config::default()
        })
        .await;
    made.expect("the stream is made");
    Some(Box::new(Nats {
        server,
        version,
        client,
    }))
}

impl Nats {
    fn options(&self) -> NatsOptions {
        let options = NatsOptions::new(&format!("{}/{STREAM}", self.server.url()));
        options.expect("it is an address")
    }
}

#[async_trait]
impl Broker for Nats {
    fn name(&self) -> String {
        format!("nats-server {}", self.version)
    }

    fn topic(&self, name: &str) -> String {
        format!("{STREAM}.{name}")
    }

    async fn publisher(&self) -> Arc<dyn Publisher> {
        let publisher = NatsPublisher::connect(self.options()).await;
        Arc::new(publisher.expect("the publisher connects"))
    }

    async fn source(&self, topic: &str) -> Arc<dyn Source> {
        let source = NatsSource::connect(self.options(), topic).await;
        Arc::new(source.expect("the source connects"))
    }

    async fn send(&self, topic: &str, messages: &[Message]) {
        for some in messages.chunks(WINDOW) {
            let mut sent = Vec::with_capacity(some.len());
            for message in some {
                let mut headers = HeaderMap::new();
                for (name, value) in message.event.headers() {
                    headers.insert(format!("ce-{name}"), value);
                }
                headers.insert("Nats-Msg-Id", format!("{}@{topic}", message.event.id));
                let subject = format!("{topic}.{}", message.key);
                let data = message.event.data.clone().into();
                let sending = self.client.publish_with_headers(subject, headers, data);
                sent.push(sending.await.expect("it is sent"));
            }
            for sent in sent {
                sent.await.expect("it is stored");
            }
        }
    }

    async fn receive(&self, topic: &str, count: usize) -> usize {
        let stream = self.client.get_stream(STREAM).await;
        let consumer = stream
            .expect("there is the stream")
            .create_consumer(pull::Config {
                filter_subject: format!("{topic}.>"),
                ack_policy: jetstream::consumer::AckPolicy::None,
                ..pull::Config::default()
            })
            .await;
        let consumer = consumer.expect("there is a consumer");
        let (mut bytes, mut received) = (0, 0);
        while received < count {
            let batch = consumer
                .batch()
                .max_messages(WINDOW)
                .expires(Duration::from_secs(1))
                .messages();
            let mut batch = batch.await.expect("they can be read");
            while received < count
                && let Some(message) = batch.next().await
            {
                bytes += message.expect("it can be read").payload.len();
                received += 1;
            }
        }
        bytes
    }
}
