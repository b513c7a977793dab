//! The events of all fines, for other programs, through whichever broker an address names.

use std::collections::BTreeSet;
use std::sync::Arc;

use rehydrate::{Publisher, Relay, Source, Start};
use rehydrate_relay::ConnectError;

use crate::fine::Fine;

/// Where the events of fines are published, below the subjects of the broker's stream.
pub const TOPIC: &str = "fines";

/// How brokers are named, for people.
pub const ADDRESSES: &str = "\
Brokers, and the feature that has the client:
  nats://HOST[:PORT]/STREAM           nats         NATS with JetStream; tls://… over TLS
  kafka://HOST[:PORT][,HOST…]         kafka        Apache Kafka
  kafka+tls://HOST[:PORT][,HOST…]     kafka-tls    Apache Kafka over TLS, or with SCRAM
  kinesis://REGION                    kinesis-aws  Amazon Kinesis
  kinesis://REGION?endpoint=http://…  kinesis      another server that speaks Kinesis

With ?create=true what the broker lacks of streams and topics is made. The feature nats is built in;
for the others: `cargo build -p payment-service --features kafka-tls,kinesis-aws`.

Logins that are not in the address come from the environment:
  NATS     REHYDRATE_NATS_USER and REHYDRATE_NATS_PASSWORD, or REHYDRATE_NATS_TOKEN,
           REHYDRATE_NATS_NKEY (a seed) or REHYDRATE_NATS_CREDENTIALS (a file)
  Kafka    REHYDRATE_KAFKA_USER and REHYDRATE_KAFKA_PASSWORD
  Kinesis  AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they are temporary";

/// Why there is no connection to a broker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// This program was built without a client for such a broker.
    #[error(
        "this program has no client for `{scheme}:`: build it with `cargo build -p payment-service --features {feature}`"
    )]
    FeatureOff {
        /// The scheme of the address.
        scheme: String,
        /// The feature of this package.
        feature: &'static str,
    },
    /// No relay of this program has such a broker.
    #[error(
        "no relay of this program publishes to `{scheme}:`: give it the address of a broker of kafka:, kafka+tls:, kinesis:, nats: or tls:"
    )]
    NoRelay {
        /// The scheme of the address.
        scheme: String,
    },
    /// The address is none, or the broker does not answer or does not let us in.
    #[error(transparent)]
    Connect(ConnectError),
}

impl From<ConnectError> for BrokerError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::FeatureOff { scheme, feature } => Self::FeatureOff { scheme, feature },
            other => Self::Connect(other),
        }
    }
}

/// The name of the relay to the kind of broker that an address names; that of its checkpoint. So a
/// service may publish to a broker of each kind. Nothing of an address that names none of them.
#[must_use]
pub fn name(url: &str) -> Option<&'static str> {
    match scheme(url).as_str() {
        "kafka" | "kafka+tls" => Some("fines-to-kafka"),
        "kinesis" => Some("fines-to-kinesis"),
        "nats" | "tls" => Some("fines-to-nats"),
        _ => None,
    }
}

/// The relay that more than one of these addresses would have.
#[must_use]
pub fn named_twice(urls: &[String]) -> Option<&'static str> {
    let mut seen = BTreeSet::new();
    let mut names = urls.iter().filter_map(|url| name(url));
    names.find(|name| !seen.insert(*name))
}

fn scheme(url: &str) -> String {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    scheme.unwrap_or_default().to_ascii_lowercase()
}

/// Publishes every event of every fine, in today's shape, to a broker.
///
/// # Errors
/// The broker does not answer, or does not let us in; the message says what to do.
pub async fn to(url: &str) -> Result<Relay, BrokerError> {
    publishing(url, rehydrate_relay::publisher(url).await?)
}

/// The same for a service, which starts whether the broker is there or not.
///
/// # Errors
/// The address is none, or of a broker that this program has no client for.
pub fn lazily_to(url: &str) -> Result<Relay, BrokerError> {
    publishing(url, rehydrate_relay::lazy_publisher(url)?)
}

fn publishing(url: &str, publisher: Arc<dyn Publisher>) -> Result<Relay, BrokerError> {
    let name = name(url).ok_or_else(|| BrokerError::NoRelay {
        scheme: scheme(url),
    })?;
    let relay = Relay::new(name, Start::Beginning, publisher)
        .source("/payment-service")
        .aggregate::<Fine>()
        .route(|event| Some(event.message(TOPIC)));
    Ok(relay)
}

/// What was published to a broker.
///
/// # Errors
/// As for [`to`].
pub async fn from(url: &str) -> Result<Arc<dyn Source>, BrokerError> {
    Ok(rehydrate_relay::source(url, TOPIC).await?)
}
