//! Kafka, and Tansu, which speaks its protocol.

use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::Message as _;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use rehydrate::{Message, Publisher, Source};
use rehydrate_relay::kafka::{KafkaOptions, KafkaPublisher, KafkaSource};
use rehydrate_tests::kafka::Server;

use super::Broker;

const PARTITIONS: u16 = 3;

struct Kafka {
    name: String,
    server: Server,
    /// Kafka 0.9 has no headers.
    is_old: bool,
    client: FutureProducer,
}

pub(super) async fn tansu() -> Option<Box<dyn Broker>> {
    let server = Server::tansu()?;
    Some(Box::new(Kafka::new(tansu_version(), server, false)))
}

pub(super) async fn old() -> Option<Box<dyn Broker>> {
    let name = "Kafka 0.9.0.1".to_owned();
    Some(Box::new(Kafka::new(name, Server::old()?, true)))
}

/// What the program that the server runs says of itself.
fn tansu_version() -> String {
    let program = std::env::var_os("REHYDRATE_TANSU").unwrap_or_else(|| "tansu".into());
    let said = Command::new(program).arg("--version").output();
    let said = said.expect("it has just been started").stdout;
    String::from_utf8_lossy(&said).trim().to_owned()
}

impl Kafka {
    fn new(name: String, server: Server, is_old: bool) -> Self {
        let client = config(&server, is_old).create();
        Self {
            name,
            server,
            is_old,
            client: client.expect("there is a client"),
        }
    }

    fn options(&self) -> KafkaOptions {
        let options = KafkaOptions::new(&self.server.url()).expect("it is an address");
        options.create(true).partitions(PARTITIONS).replication(1)
    }
}

fn config(server: &Server, is_old: bool) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", server.host());
    if is_old {
        config
            .set("api.version.request", "false")
            .set("broker.version.fallback", "0.9.0.1");
    } else {
        config.set("enable.idempotence", "true");
    }
    config.set("acks", "all");
    config
}

#[async_trait]
impl Broker for Kafka {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn topic(&self, name: &str) -> String {
        name.to_owned()
    }

    async fn publisher(&self) -> Arc<dyn Publisher> {
        let publisher = KafkaPublisher::connect(self.options()).await;
        Arc::new(publisher.expect("the publisher connects"))
    }

    async fn source(&self, topic: &str) -> Arc<dyn Source> {
        let source = KafkaSource::connect(self.options(), topic).await;
        Arc::new(source.expect("the source connects"))
    }

    async fn send(&self, topic: &str, messages: &[Message]) {
        let mut sent = Vec::with_capacity(messages.len());
        for message in messages {
            let json = message.event.to_json().expect("it is JSON");
            let record = FutureRecord::to(topic).key(&message.key);
            let record = if self.is_old {
                record.payload(&json)
            } else {
                let mut headers = OwnedHeaders::new();
                for (name, value) in message.event.headers() {
                    headers = headers.insert(Header {
                        key: &format!("ce_{name}"),
                        value: Some(&value),
                    });
                }
                record.payload(&message.event.data).headers(headers)
            };
            let sending = self.client.send_result(record);
            sent.push(sending.map_err(|(error, _)| error).expect("there is room"));
        }
        for sent in sent {
            sent.await.expect("it is told").expect("it is stored");
        }
    }

    async fn receive(&self, topic: &str, count: usize) -> usize {
        let mut config = config(&self.server, self.is_old);
        config
            .set("group.id", "bench")
            .set("enable.auto.commit", "false");
        let consumer: StreamConsumer = config.create().expect("there is a consumer");
        let mut places = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            let added = places.add_partition_offset(topic, i32::from(partition), Offset::Beginning);
            added.expect("it is an offset");
        }
        consumer.assign(&places).expect("it can be read");
        let mut bytes = 0;
        for _ in 0..count {
            let message = consumer.recv().await.expect("it can be read");
            bytes += message.payload().map_or(0, <[u8]>::len);
        }
        bytes
    }
}
