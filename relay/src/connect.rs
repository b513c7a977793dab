//! A broker for the address that somebody gave.

use std::sync::Arc;

use rehydrate::{BoxError, Publisher, Source};

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
/// | `nats:`, `tls:` | `nats` | the module `nats` |
///
/// # Errors
/// [`ConnectError::Unavailable`]: try again; the others want a person.
pub async fn publisher(url: &str) -> Result<Arc<dyn Publisher>, ConnectError> {
    let url = BrokerUrl::parse(url)?;
    match url.scheme.as_str() {
        #[cfg(feature = "nats")]
        "nats" | "tls" => {
            let options = crate::nats::NatsOptions::of(url)?;
            let publisher = crate::nats::NatsPublisher::connect(options).await?;
            Ok(Arc::new(publisher))
        }
        _ => Err(without(&url)),
    }
}

/// The source of a topic at an address, whichever broker it names; see [`publisher`].
///
/// # Errors
/// As for [`publisher`].
pub async fn source(url: &str, topic: &str) -> Result<Arc<dyn Source>, ConnectError> {
    let url = BrokerUrl::parse(url)?;
    match url.scheme.as_str() {
        #[cfg(feature = "nats")]
        "nats" | "tls" => {
            let options = crate::nats::NatsOptions::of(url)?;
            let source = crate::nats::NatsSource::connect(options, topic).await?;
            Ok(Arc::new(source))
        }
        _ => {
            tracing::debug!(topic, "no adapter reads it");
            Err(without(&url))
        }
    }
}

fn without(url: &BrokerUrl) -> ConnectError {
    let feature = match url.scheme.as_str() {
        "nats" | "tls" => "nats",
        other => return url.invalid(format!("`{other}:` is neither nats: nor tls:")),
    };
    ConnectError::FeatureOff {
        scheme: url.scheme.clone(),
        feature,
    }
}
