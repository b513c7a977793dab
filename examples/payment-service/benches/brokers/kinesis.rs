//! Kinesis, as kinesalite has it.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rehydrate::{Message, Publisher, Source};
use rehydrate_relay::kinesis::{KinesisOptions, KinesisPublisher, KinesisSource};
use rehydrate_tests::kinesis::Server;

use super::Broker;

const REGION: &str = "us-east-1";
const SHARDS: u16 = 4;
/// As many records as a request takes.
const RECORDS: usize = 500;
/// So many requests at the same time.
const AT_ONCE: usize = 4;

struct Kinesis {
    server: Server,
    client: Client,
}

pub(super) async fn start() -> Option<Box<dyn Broker>> {
    let server = Server::start()?;
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new(REGION))
        .endpoint_url(server.url())
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"));
    let client = Client::from_conf(config.build());
    Some(Box::new(Kinesis { server, client }))
}

impl Kinesis {
    fn options(&self) -> KinesisOptions {
        let endpoint = self.server.url();
        let url = format!("kinesis://{REGION}?endpoint={endpoint}&create=true&shards={SHARDS}");
        let options = KinesisOptions::new(&url).expect("it is an address");
        options.access_key("bench", "bench", None).requests(AT_ONCE)
    }
}

#[async_trait]
impl Broker for Kinesis {
    fn name(&self) -> String {
        self.server.version().to_owned()
    }

    fn topic(&self, name: &str) -> String {
        name.to_owned()
    }

    async fn publisher(&self) -> Arc<dyn Publisher> {
        let publisher = KinesisPublisher::connect(self.options()).await;
        Arc::new(publisher.expect("the publisher connects"))
    }

    async fn source(&self, topic: &str) -> Arc<dyn Source> {
        let source = KinesisSource::connect(self.options(), topic).await;
        Arc::new(source.expect("the source connects"))
    }

    async fn send(&self, topic: &str, messages: &[Message]) {
        let requests = messages.chunks(RECORDS).map(|some| {
            let records = some.iter().map(|message| {
                let data = message.event.to_json().expect("it is JSON");
                let record = PutRecordsRequestEntry::builder().partition_key(&message.key);
                let record = record.data(Blob::new(data)).build();
                record.expect("it is a record")
            });
            let put = self.client.put_records().stream_name(topic);
            put.set_records(Some(records.collect()))
        });
        let requests: Vec<_> = requests.collect();
        let mut under_way = FuturesUnordered::new();
        for request in requests {
            if under_way.len() >= AT_ONCE {
                assert_taken(under_way.next().await);
            }
            under_way.push(request.send());
        }
        while let Some(answer) = under_way.next().await {
            assert_taken(Some(answer));
        }
    }

    async fn receive(&self, topic: &str, count: usize) -> usize {
        let shards = self.client.list_shards().stream_name(topic).send().await;
        let shards = shards.expect("they are listed");
        let mut iterators = Vec::new();
        for shard in shards.shards() {
            let iterator = self
                .client
                .get_shard_iterator()
                .stream_name(topic)
                .shard_id(shard.shard_id())
                .shard_iterator_type(ShardIteratorType::TrimHorizon)
                .send()
                .await;
            iterators.push(iterator.expect("there is one").shard_iterator);
        }
        let (mut bytes, mut received) = (0, 0);
        while received < count {
            for iterator in &mut iterators {
                let answer = self
                    .client
                    .get_records()
                    .set_shard_iterator(iterator.take())
                    .send()
                    .await;
                let answer = answer.expect("it can be read");
                received += answer.records().len();
                let sizes = answer.records().iter();
                bytes += sizes
                    .map(|record| record.data().as_ref().len())
                    .sum::<usize>();
                *iterator = answer.next_shard_iterator;
            }
        }
        bytes
    }
}

fn assert_taken<E: std::fmt::Debug>(
    answer: Option<Result<aws_sdk_kinesis::operation::put_records::PutRecordsOutput, E>>,
) {
    let answer = answer.expect("one is under way").expect("it is taken");
    assert_eq!(answer.failed_record_count, Some(0));
}
