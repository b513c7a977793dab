//! The contract of every broker, on each server.

use async_trait::async_trait;
use rehydrate::broker_contract::ContractBroker;
use rehydrate::{Publisher, Source};
use rehydrate_relay::kinesis::{KinesisPublisher, KinesisSource};
use rehydrate_tests::kinesis::Server;

use crate::fixture;

struct Kinesis {
    endpoint: String,
    topic: String,
    publisher: KinesisPublisher,
    source: KinesisSource,
}

impl Kinesis {
    async fn new(server: Option<&'static Server>, shards: u16) -> Option<Self> {
        let endpoint = server?.url();
        let topic = fixture::name();
        // In moto, requests at the same time overwrite each other's records.
        let options = fixture::options(&endpoint, shards).requests(1);
        Some(Self {
            publisher: fixture::publisher(options.clone()).await,
            source: fixture::source(options, &topic).await,
            endpoint,
            topic,
        })
    }
}

#[async_trait]
impl ContractBroker for Kinesis {
    fn publisher(&self) -> &dyn Publisher {
        &self.publisher
    }

    fn source(&self) -> Box<dyn Source> {
        Box::new(self.source.clone())
    }

    fn topic(&self) -> String {
        self.topic.clone()
    }

    fn too_large(&self) -> usize {
        1024 * 1024
    }

    async fn put_garbage(&self, text: &str) {
        fixture::put(&self.endpoint, &self.topic, "garbage", text.as_bytes()).await;
    }
}

mod kinesalite {
    use super::Kinesis;
    use rehydrate_tests::kinesis::kinesalite;

    rehydrate::publisher_contract!(Kinesis::new(kinesalite(), 3));
    // Of several shards, it never answers for one that has nothing from a time on.
    rehydrate::source_contract!(Kinesis::new(kinesalite(), 1));
}

mod moto {
    use super::Kinesis;
    use rehydrate_tests::kinesis::moto;

    rehydrate::publisher_contract!(Kinesis::new(moto(), 3));
    rehydrate::source_contract!(Kinesis::new(moto(), 3));
}
