//! The brokers, each a server of a test's own.

use std::sync::Arc;

use async_trait::async_trait;
use payment_service::relay;
use rehydrate::Source;

/// A broker of a test's own, which keeps what it has when it is killed.
#[async_trait]
pub(crate) trait Broker: Sync {
    /// Where fines are published to and read from.
    fn url(&self) -> String;

    /// What was published.
    async fn source(&self) -> Arc<dyn Source> {
        relay::from(&self.url()).await.unwrap()
    }

    /// Kills it (SIGKILL).
    fn kill(&mut self);

    /// Starts it again, at the same address.
    fn restart(&mut self);
}

#[cfg(feature = "nats")]
mod nats {
    use rehydrate_tests::nats::Server;

    use super::super::{the_whole_history_arrives, window};
    use super::Broker;

    impl Broker for Server {
        fn url(&self) -> String {
            format!("{}/fines?create=true", Self::url(self))
        }

        fn kill(&mut self) {
            Self::kill(self);
        }

        fn restart(&mut self) {
            Self::restart(self);
        }
    }

    #[test]
    fn the_whole_history_arrives_though_relay_and_broker_are_killed() {
        if let Some(broker) = Server::start() {
            the_whole_history_arrives(broker);
        }
    }

    #[test]
    fn a_replay_of_a_span_of_time_gives_the_read_model_of_that_span() {
        if let Some(broker) = Server::start() {
            window::a_replay_gives_the_read_model_of_its_span(&broker);
        }
    }
}

#[cfg(feature = "kafka")]
mod kafka {
    use rehydrate_tests::kafka::Server;

    use super::super::{the_whole_history_arrives, window};
    use super::Broker;

    impl Broker for Server {
        fn url(&self) -> String {
            format!("{}&create=true&partitions=3&replication=1", Self::url(self))
        }

        fn kill(&mut self) {
            Self::kill(self);
        }

        fn restart(&mut self) {
            Self::restart(self);
        }
    }

    #[test]
    fn the_whole_history_arrives_though_relay_and_broker_are_killed() {
        if let Some(broker) = Server::old() {
            the_whole_history_arrives(broker);
        }
    }

    // Kafka 0.9 does not say when it got a message.
    #[test]
    fn a_replay_of_a_span_of_time_gives_the_read_model_of_that_span() {
        if let Some(broker) = Server::tansu() {
            window::a_replay_gives_the_read_model_of_its_span(&broker);
        }
    }
}

#[cfg(feature = "kinesis")]
mod kinesis {
    use async_trait::async_trait;
    use rehydrate_relay::kinesis::{KinesisOptions, KinesisSource};
    use rehydrate_tests::kinesis::Server;

    use super::super::{the_whole_history_arrives, window};
    use super::*;
    use crate::program::LOGIN;

    #[async_trait]
    impl Broker for Server {
        fn url(&self) -> String {
            let endpoint = Self::url(self);
            format!("kinesis://us-east-1?endpoint={endpoint}&create=true&shards=1")
        }

        // A test cannot change its own environment.
        async fn source(&self) -> Arc<dyn Source> {
            let [(_, key), (_, secret)] = LOGIN;
            let options = KinesisOptions::new(&Broker::url(self)).unwrap();
            let options = options.access_key(key, secret, None);
            Arc::new(KinesisSource::connect(options, relay::TOPIC).await.unwrap())
        }

        fn kill(&mut self) {
            Self::kill(self);
        }

        fn restart(&mut self) {
            Self::restart(self);
        }
    }

    #[test]
    fn the_whole_history_arrives_though_relay_and_broker_are_killed() {
        if let Some(broker) = Server::start() {
            the_whole_history_arrives(broker);
        }
    }

    #[test]
    fn a_replay_of_a_span_of_time_gives_the_read_model_of_that_span() {
        if let Some(broker) = Server::start() {
            window::a_replay_gives_the_read_model_of_its_span(&broker);
        }
    }
}
