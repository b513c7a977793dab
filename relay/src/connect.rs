//! A broker for the address that somebody gave.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use rehydrate::{BoxError, Message, PublishError, Publisher, Source};
use tokio::sync::OnceCell;

use crate::url::BrokerUrl;

/// Why there is no connection to a broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is none, or lacks something.
    #[error("`{url}` is not the address of a broker: {reason}")]
    Invalid {
        /// The address, without secrets.
        url: String,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// This program has no client for such a broker.
    #[error("`{scheme}:` needs the feature `{feature}` of rehydrate-relay: build with it")]
    FeatureOff {
        /// The scheme of the address.
        scheme: String,
        /// The feature.
        feature: &'static str,
    },
    /// The broker does not answer: try again.
    #[error("{destination} is unavailable: {reason}")]
    Unavailable {
        /// The broker, without secrets.
        destination: String,
        /// What was waited for, and what may be done.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
    /// The broker does not let us in, or does not have what was named: somebody has to do something.
    #[error("{destination} cannot be used: {reason}")]
    Refused {
        /// The broker, without secrets.
        destination: String,
        /// What is wrong, and what to do.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
}

/// The publisher of an address, whichever broker it names.
///
/// | scheme | feature | see |
/// |---|---|---|
/// | `kafka:`, `kafka+tls:` | `kafka`, `kafka-tls` | the module `kafka` |
/// | `kinesis:` | `kinesis`, `kinesis-aws` | the module `kinesis` |
/// | `nats:`, `tls:` | `nats` | the module `nats` |
///
/// # Errors
/// [`ConnectError::Unavailable`]: try again; the others want a person.
pub async fn publisher(url: &str) -> Result<Arc<dyn Publisher>, ConnectError> {
    Broker::of(url)?.publisher().await
}

/// A publisher that connects when something is to be sent, and again until it is connected: for
/// programs that start whether the broker is there or not. Until then every message is
/// [`Unavailable`](PublishError::Unavailable), so a relay waits, and says why.
///
/// # Errors
/// [`ConnectError::Invalid`], [`ConnectError::FeatureOff`]: there will never be one.
pub fn lazy_publisher(url: &str) -> Result<Arc<dyn Publisher>, ConnectError> {
    Ok(Arc::new(LazyPublisher {
        broker: Broker::of(url)?,
        connected: OnceCell::new(),
    }))
}

/// The source of a topic at an address, whichever broker it names; see [`publisher`].
///
/// # Errors
/// As for [`publisher`].
pub async fn source(url: &str, topic: &str) -> Result<Arc<dyn Source>, ConnectError> {
    Broker::of(url)?.source(topic).await
}

/// Why there is no client for an address.
fn without(url: &BrokerUrl) -> ConnectError {
    let feature = match url.scheme.as_str() {
        "kafka" => "kafka",
        "kafka+tls" => "kafka-tls",
        "kinesis" => "kinesis",
        "nats" | "tls" => "nats",
        other => {
            return url.invalid(format!(
                "`{other}:` is none of kafka:, kafka+tls:, kinesis:, nats: and tls:"
            ));
        }
    };
    ConnectError::FeatureOff {
        scheme: url.scheme.clone(),
        feature,
    }
}

/// A broker of a kind that this program has a client for.
#[derive(Clone, Debug)]
enum Broker {
    #[cfg(feature = "kafka")]
    Kafka(crate::kafka::KafkaOptions),
    #[cfg(feature = "kinesis")]
    Kinesis(crate::kinesis::KinesisOptions),
    #[cfg(feature = "nats")]
    Nats(crate::nats::NatsOptions),
}

impl Broker {
    fn of(url: &str) -> Result<Self, ConnectError> {
        let url = BrokerUrl::parse(url)?;
        match url.scheme.as_str() {
            #[cfg(feature = "kafka")]
            "kafka" | "kafka+tls" => Ok(Self::Kafka(crate::kafka::KafkaOptions::of(url)?)),
            #[cfg(feature = "kinesis")]
            "kinesis" => Ok(Self::Kinesis(crate::kinesis::KinesisOptions::of(url)?)),
            #[cfg(feature = "nats")]
            "nats" | "tls" => Ok(Self::Nats(crate::nats::NatsOptions::of(url)?)),
            _ => Err(without(&url)),
        }
    }

    fn destination(&self) -> String {
        // Without any feature there is none to look at.
        match *self {
            #[cfg(feature = "kafka")]
            Self::Kafka(ref options) => options.destination(),
            #[cfg(feature = "kinesis")]
            Self::Kinesis(ref options) => options.destination(),
            #[cfg(feature = "nats")]
            Self::Nats(ref options) => options.destination(),
        }
    }

    async fn publisher(self) -> Result<Arc<dyn Publisher>, ConnectError> {
        match self {
            #[cfg(feature = "kafka")]
            Self::Kafka(options) => {
                let publisher = crate::kafka::KafkaPublisher::connect(options).await?;
                Ok(Arc::new(publisher))
            }
            #[cfg(feature = "kinesis")]
            Self::Kinesis(options) => {
                let publisher = crate::kinesis::KinesisPublisher::connect(options).await?;
                Ok(Arc::new(publisher))
            }
            #[cfg(feature = "nats")]
            Self::Nats(options) => {
                let publisher = crate::nats::NatsPublisher::connect(options).await?;
                Ok(Arc::new(publisher))
            }
        }
    }

    #[cfg_attr(
        not(any(feature = "kafka", feature = "kinesis", feature = "nats")),
        expect(unused_variables, reason = "there is nobody to read it from")
    )]
    async fn source(self, topic: &str) -> Result<Arc<dyn Source>, ConnectError> {
        match self {
            #[cfg(feature = "kafka")]
            Self::Kafka(options) => {
                let source = crate::kafka::KafkaSource::connect(options, topic).await?;
                Ok(Arc::new(source))
            }
            #[cfg(feature = "kinesis")]
            Self::Kinesis(options) => {
                let source = crate::kinesis::KinesisSource::connect(options, topic).await?;
                Ok(Arc::new(source))
            }
            #[cfg(feature = "nats")]
            Self::Nats(options) => {
                let source = crate::nats::NatsSource::connect(options, topic).await?;
                Ok(Arc::new(source))
            }
        }
    }
}

#[derive(Debug)]
struct LazyPublisher {
    broker: Broker,
    connected: OnceCell<Arc<dyn Publisher>>,
}

#[async_trait]
impl Publisher for LazyPublisher {
    fn destination(&self) -> String {
        self.broker.destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        if batch.is_empty() {
            return Vec::new();
        }
        let connect = || self.broker.clone().publisher();
        match self.connected.get_or_try_init(connect).await {
            Ok(publisher) => publisher.publish(batch).await,
            // A person may have to do something about it, but nothing is wrong with the messages.
            Err(error) => {
                let error = Arc::new(error);
                let mut failed = HashSet::new();
                let outcomes = batch.iter().map(|message| {
                    if !failed.insert(&message.key) {
                        return Err(PublishError::NotSent);
                    }
                    Err(PublishError::Unavailable {
                        reason: error.to_string(),
                        source: Some(Arc::clone(&error).into()),
                    })
                });
                outcomes.collect()
            }
        }
    }
}
