//! The contract of every broker.

use async_trait::async_trait;
use rehydrate::broker_contract::ContractBroker;
use rehydrate::{Publisher, Source};
use rehydrate_relay::nats::{NatsPublisher, NatsSource};

use crate::fixture::{self, Stream};

struct Nats {
    stream: Stream,
    publisher: NatsPublisher,
    source: NatsSource,
}

impl Nats {
    async fn new() -> Option<Self> {
        let stream = Stream::new()?;
        Some(Self {
            publisher: stream.publisher().await,
            source: stream.source("contract").await,
            stream,
        })
    }
}

#[async_trait]
impl ContractBroker for Nats {
    fn publisher(&self) -> &dyn Publisher {
        &self.publisher
    }

    fn source(&self) -> Box<dyn Source> {
        Box::new(self.source.clone())
    }

    fn topic(&self) -> String {
        self.stream.topic("contract")
    }

    fn too_large(&self) -> usize {
        1024 * 1024
    }

    async fn put_garbage(&self, text: &str) {
        let jetstream = fixture::jetstream(&self.stream.server).await;
        let subject = format!("{}.garbage", self.topic());
        let sent = jetstream.publish(subject, text.to_owned().into()).await;
        let stored = sent.expect("it is sent").await;
        stored.expect("it is stored");
    }
}

rehydrate::publisher_contract!(Nats::new());
rehydrate::source_contract!(Nats::new());
