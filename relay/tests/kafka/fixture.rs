//! A topic of a test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rehydrate::broker_contract::ContractBroker;
use rehydrate::{Publisher, Source};
use rehydrate_relay::ConnectError;
use rehydrate_relay::kafka::{KafkaOptions, KafkaPublisher, KafkaSource};
use rehydrate_tests::brokers::PATIENCE;
use rehydrate_tests::kafka::{Server, shared_old, shared_tansu};

/// A topic of a server that others use, too.
pub(crate) struct Topic {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
}

impl Topic {
    /// A name that no topic has, if there is a Tansu.
    pub(crate) fn new() -> Option<Self> {
        shared_tansu().map(Self::of)
    }

    /// The same on Kafka 0.9.
    pub(crate) fn old() -> Option<Self> {
        shared_old().map(Self::of)
    }

    fn of(server: Arc<Server>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            server,
            name: format!("topic-{number}"),
        }
    }

    pub(crate) fn options(&self) -> KafkaOptions {
        options(&self.server.url())
    }

    pub(crate) async fn publisher(&self) -> KafkaPublisher {
        publisher(self.options()).await
    }

    pub(crate) async fn source(&self) -> KafkaSource {
        source(self.options(), &self.name).await
    }

    /// What the client itself sends with.
    pub(crate) fn client(&self) -> FutureProducer {
        client(&self.server)
    }
}

/// Topics are made, with three partitions.
pub(crate) fn options(url: &str) -> KafkaOptions {
    let options = KafkaOptions::new(url).expect("it is an address");
    options.create(true).partitions(3).replication(1)
}

pub(crate) async fn publisher(options: KafkaOptions) -> KafkaPublisher {
    let publisher = KafkaPublisher::connect(options).await;
    publisher.expect("the publisher connects")
}

/// A broker that has just been started may know of itself, and not yet of its topics.
pub(crate) async fn source(options: KafkaOptions, topic: &str) -> KafkaSource {
    let begun = Instant::now();
    loop {
        match KafkaSource::connect(options.clone(), topic).await {
            Err(ConnectError::Unavailable { .. }) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            source => return source.expect("the source connects"),
        }
    }
}

pub(crate) fn client(server: &Server) -> FutureProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", server.host());
    if server.url().contains("broker_version") {
        config
            .set("api.version.request", "false")
            .set("broker.version.fallback", "0.9.0.1");
    }
    config.create().expect("there is a client")
}

/// A broker for the contract.
pub(crate) struct Contract {
    topic: Topic,
    publisher: KafkaPublisher,
    source: KafkaSource,
}

impl Contract {
    pub(crate) async fn new(topic: Option<Topic>) -> Option<Self> {
        let topic = topic?;
        Some(Self {
            publisher: topic.publisher().await,
            source: topic.source().await,
            topic,
        })
    }
}

#[async_trait]
impl ContractBroker for Contract {
    fn publisher(&self) -> &dyn Publisher {
        &self.publisher
    }

    fn source(&self) -> Box<dyn Source> {
        Box::new(self.source.clone())
    }

    fn topic(&self) -> String {
        self.topic.name.clone()
    }

    fn too_large(&self) -> usize {
        1024 * 1024
    }

    async fn put_garbage(&self, text: &str) {
        let record = FutureRecord::to(&self.topic.name).key("any").payload(text);
        let sent = self.topic.client().send(record, PATIENCE).await;
        sent.expect("it is stored");
    }
}
