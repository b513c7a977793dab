//! A stream of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kinesis::primitives::Blob;
use rehydrate_relay::kinesis::{KinesisOptions, KinesisPublisher, KinesisSource};

pub(crate) const REGION: &str = "us-east-1";

/// A name that no stream of a server has.
pub(crate) fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // Programs of tests share a server, too.
    format!("rehydrate.test-{}_{number}", std::process::id())
}

/// Streams of a server are made with so many shards.
pub(crate) fn options(endpoint: &str, shards: u16) -> KinesisOptions {
    let url = format!("kinesis://{REGION}?endpoint={endpoint}&create=true&shards={shards}");
    let options = KinesisOptions::new(&url).expect("it is an address");
    options.access_key("test-key", "hidden", None)
}

pub(crate) async fn publisher(options: KinesisOptions) -> KinesisPublisher {
    let publisher = KinesisPublisher::connect(options).await;
    publisher.expect("the publisher connects")
}

pub(crate) async fn source(options: KinesisOptions, topic: &str) -> KinesisSource {
    let source = KinesisSource::connect(options, topic).await;
    source.expect("the source connects")
}

/// The client itself.
pub(crate) fn client(endpoint: &str) -> Client {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("test-key", "hidden", None, None, "test"));
    Client::from_conf(config.build())
}

/// Puts something into a stream, whatever it is; gives its sequence number.
pub(crate) async fn put(endpoint: &str, stream: &str, key: &str, data: &[u8]) -> String {
    let put = client(endpoint).put_record().stream_name(stream);
    let put = put.partition_key(key).data(Blob::new(data));
    let stored = put.send().await.expect("it is stored");
    stored.sequence_number
}
