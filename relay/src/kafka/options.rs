//! Where the brokers are, who we are, and what is made.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::config;
use crate::connect::ConnectError;
use crate::url::BrokerUrl;

/// Where brokers listen, usually.
const PORT: u16 = 9092;

/// The parameters of an address.
const PARAMETERS: &[&str] = &[
    "broker_version",
    "create",
    "idempotent",
    "partitions",
    "replication",
    "sasl",
    "structured",
    "tls_ca",
    "tls_certificate",
    "tls_key",
    "watermarks",
];

/// How to reach a cluster: brokers, login, TLS; see [the module](super) for the address and the
/// environment.
#[derive(Clone)]
pub struct KafkaOptions {
    url: BrokerUrl,
    login: Option<Login>,
    mechanism: Option<Mechanism>,
    tls_required: bool,
    pub(super) tls_ca: Option<PathBuf>,
    pub(super) tls_client: Option<(PathBuf, PathBuf)>,
    pub(super) create: bool,
    pub(super) partitions: Option<i32>,
    pub(super) replication: Option<i32>,
    pub(super) is_structured: bool,
    pub(super) is_idempotent: bool,
    pub(super) has_watermarks: bool,
    pub(super) broker_version: Option<String>,
    pub(super) timeout: Duration,
    pub(super) raw: BTreeMap<String, String>,
}

/// Who we are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: String,
}

/// How a password is shown to a broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// As it is: over TLS alone, if others can read what is sent.
    #[default]
    Plain,
    /// By a proof that one knows it. Needs the feature `kafka-tls`.
    ScramSha256,
    /// By a proof that one knows it. Needs the feature `kafka-tls`.
    ScramSha512,
}

impl Mechanism {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl KafkaOptions {
    /// The options that an address has: `kafka[+tls]://[user:password@]host[:port][,…][?…]`.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: it is no such address.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Self::of(BrokerUrl::parse(url)?)
    }

    pub(crate) fn of(mut url: BrokerUrl) -> Result<Self, ConnectError> {
        if !matches!(url.scheme.as_str(), "kafka" | "kafka+tls") {
            return Err(url.invalid("it begins with neither `kafka:` nor `kafka+tls:`"));
        }
        if !url.path.is_empty() {
            return Err(url.invalid(format!(
                "a cluster has no path, and the topic is named elsewhere: leave `/{}` out",
                url.path
            )));
        }
        let create = url.flag("create")?.unwrap_or(false);
        let is_structured = url.flag("structured")?;
        let is_idempotent = url.flag("idempotent")?;
        let has_watermarks = url.flag("watermarks")?.unwrap_or(true);
        let partitions = url.count("partitions", u16::MAX)?.map(i32::from);
        let replication = url.count("replication", u16::MAX)?.map(i32::from);
        let mechanism = mechanism(&mut url)?;
        let tls_ca = url.take("tls_ca").map(PathBuf::from);
        let tls_client = url.tls_client()?;
        let version = url.take("broker_version");
        url.finish(PARAMETERS)?;
        let login = match (url.user.take(), url.password.take()) {
            (Some(user), Some(password)) => Some(Login { user, password }),
            (None, None) => None,
            _ => return Err(url.invalid("a user has a password: write `user:password@`")),
        };
        let mut options = Self {
            login,
            mechanism,
            tls_required: url.scheme == "kafka+tls",
            tls_ca,
            tls_client,
            create,
            partitions,
            replication,
            is_structured: false,
            is_idempotent: true,
            has_watermarks,
            broker_version: None,
            timeout: Duration::from_secs(10),
            raw: BTreeMap::new(),
            url,
        };
        if let Some(version) = version {
            options = options.broker_version(version)?;
        }
        if let Some(is_structured) = is_structured {
            options.is_structured = is_structured;
        }
        if let Some(is_idempotent) = is_idempotent {
            options.is_idempotent = is_idempotent;
        }
        Ok(options)
    }

    /// Whether a topic is made if it is missing; if not, that is an error. A broker older than 0.11
    /// cannot be asked not to: it makes topics if it is set up to.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// How many partitions a topic has that is made: as many as the broker likes, unless a number
    /// is given.
    #[must_use]
    pub fn partitions(mut self, partitions: u16) -> Self {
        self.partitions = Some(partitions.into());
        self
    }

    /// How many brokers have a copy of a topic that is made: as many as the broker likes, unless a
    /// number is given.
    #[must_use]
    pub fn replication(mut self, copies: u16) -> Self {
        self.replication = Some(copies.into());
        self
    }

    /// As a user.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), password.into());
        self.login = Some(Login { user, password });
        self
    }

    /// How the password is shown: as it is, unless another way is given.
    #[must_use]
    pub fn sasl(mut self, mechanism: Mechanism) -> Self {
        self.mechanism = Some(mechanism);
        self
    }

    /// Over TLS alone, as `kafka+tls:` says, too. Needs the feature `kafka-tls`.
    #[must_use]
    pub fn require_tls(mut self) -> Self {
        self.tls_required = true;
        self
    }

    /// Trusts the authorities of this PEM file, and no others: those of the system only if none is
    /// given. It means TLS, whatever the address says.
    #[must_use]
    pub fn tls_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls_ca = Some(file.into());
        self
    }

    /// Shows the broker this certificate and has this key for it: PEM files. It means TLS, whatever
    /// the address says.
    #[must_use]
    pub fn tls_client(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls_client = Some((certificate.into(), key.into()));
        self
    }

    /// Whether a message is one JSON object, and has no headers.
    #[must_use]
    pub fn structured(mut self, structured: bool) -> Self {
        self.is_structured = structured;
        self
    }

    /// Whether the brokers tell a repetition from a new message, as they can since 0.11.
    ///
    /// Without that a message whose confirmation was lost is there twice, even within one call; and
    /// the next message of a key is sent when the one before it is confirmed.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.is_idempotent = idempotent;
        self
    }

    /// Whether the brokers know where a partition ends, as those of Apache Kafka do.
    ///
    /// Tansu 0.6.0 names the second offset of the last batch. Without watermarks the end is found by
    /// reading: it is reached when a broker has nothing more, and an offset behind it is
    /// [`Gone`](rehydrate::SourceError::Gone) when it is read, if the broker says so.
    #[must_use]
    pub fn watermarks(mut self, watermarks: bool) -> Self {
        self.has_watermarks = watermarks;
        self
    }

    /// The version of brokers older than 0.10, which do not say it themselves: `0.9.0.1`. Before
    /// 0.11 there are neither headers nor idempotence, so messages are [structured] and not
    /// [idempotent], and a source cannot begin at a time.
    ///
    /// [structured]: Self::structured
    /// [idempotent]: Self::idempotent
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: it is no version, or one of a broker that says it itself.
    pub fn broker_version(mut self, version: impl Into<String>) -> Result<Self, ConnectError> {
        let version = version.into();
        let mut numbers = version.split('.').map(str::parse::<u16>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return Err(self.url.invalid(format!(
                "{version:?} is no version of a broker: write `0.9.0.1`, say"
            )));
        };
        if (major, minor) >= (0, 10) {
            return Err(self.url.invalid(format!(
                "brokers of version {version} say it themselves: leave `broker_version` out"
            )));
        }
        self.is_structured = true;
        self.is_idempotent = false;
        self.broker_version = Some(version);
        Ok(self)
    }

    /// For how long nothing may come from the brokers before they are taken for unavailable: 10 s,
    /// unless another time is given.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// A [setting of librdkafka](https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md),
    /// for what has no method here: `compression.type`, `message.max.bytes`, `linger.ms`.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: a promise depends on it, or there is a method for it. Whether
    /// there is such a setting turns out when one connects.
    pub fn option(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, ConnectError> {
        let name = name.into();
        if let Some(reason) = config::kept(&name) {
            return Err(self
                .url
                .invalid(format!("`{name}` cannot be set: {reason}")));
        }
        self.raw.insert(name, value.into());
        Ok(self)
    }

    /// The brokers, for people, and for whoever compares them.
    pub(crate) fn destination(&self) -> String {
        format!("Kafka at {}", self.url.servers(PORT).join(", "))
    }

    pub(super) fn servers(&self) -> String {
        self.url.servers(PORT).join(",")
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls_required || self.tls_ca.is_some() || self.tls_client.is_some()
    }

    pub(super) fn mechanism_or_default(&self) -> Mechanism {
        self.mechanism.unwrap_or_default()
    }

    pub(super) fn invalid(&self, reason: impl Into<String>) -> ConnectError {
        self.url.invalid(reason)
    }

    pub(super) fn feature_off(&self) -> ConnectError {
        ConnectError::FeatureOff {
            scheme: self.url.scheme.clone(),
            feature: "kafka-tls",
        }
    }

    /// Who we are; what was not given comes from the environment.
    pub(super) fn login(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Login>, ConnectError> {
        if self.login.is_some() {
            return Ok(self.login.clone());
        }
        let get = |name| environment(name).filter(|value| !value.is_empty());
        match (get("REHYDRATE_KAFKA_USER"), get("REHYDRATE_KAFKA_PASSWORD")) {
            (Some(user), Some(password)) => Ok(Some(Login { user, password })),
            (None, None) if self.mechanism.is_some() => Err(self.url.invalid(
                "`sasl` is given and nobody to log in: write `user:password@`, or set \
                 REHYDRATE_KAFKA_USER and REHYDRATE_KAFKA_PASSWORD",
            )),
            (None, None) => Ok(None),
            _ => Err(self.url.invalid(
                "REHYDRATE_KAFKA_USER and REHYDRATE_KAFKA_PASSWORD belong together: set both or \
                 neither",
            )),
        }
    }
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaOptions")
            .field("url", &self.url)
            .field("create", &self.create)
            .field("is_structured", &self.is_structured)
            .field("is_idempotent", &self.is_idempotent)
            .field("broker_version", &self.broker_version)
            .finish_non_exhaustive()
    }
}

fn mechanism(url: &mut BrokerUrl) -> Result<Option<Mechanism>, ConnectError> {
    let Some(text) = url.take("sasl") else {
        return Ok(None);
    };
    let all = [
        Mechanism::Plain,
        Mechanism::ScramSha256,
        Mechanism::ScramSha512,
    ];
    match all.into_iter().find(|it| it.name() == text) {
        Some(mechanism) => Ok(Some(mechanism)),
        None => Err(url.invalid("`sasl` is none of `PLAIN`, `SCRAM-SHA-256` and `SCRAM-SHA-512`")),
    }
}

#[cfg(test)]
mod tests;
