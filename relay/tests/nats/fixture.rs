//! A stream of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use async_nats::jetstream;
use async_nats::jetstream::stream::Config;
use rehydrate_relay::nats::{NatsOptions, NatsPublisher, NatsSource};
use rehydrate_tests::nats;

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

    /// Makes it as `config` says, of all topics of its name.
    pub(crate) async fn make(&self, config: Config) {
        let config = Config {
            name: self.name.clone(),
            subjects: vec![format!("{}.>", self.name)],
            ..config
        };
        let jetstream = jetstream(&self.server).await;
        let mut made = jetstream.create_stream(config.clone()).await;
        // A server that deletes its last stream at this moment removes the folder of all of them.
        for _ in 0..10 {
            let Err(error) = &made else { break };
            eprintln!("the stream is not made yet: {error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            made = jetstream.create_stream(config.clone()).await;
        }
        made.expect("the stream is made");
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
