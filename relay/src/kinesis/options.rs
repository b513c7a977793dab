//! Where the streams are, how they are made, and who we are.

use std::fmt;
use std::time::Duration;

use aws_sdk_kinesis::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};

use crate::connect::ConnectError;
use crate::url::BrokerUrl;

/// The parameters of an address.
const PARAMETERS: &[&str] = &["endpoint", "create", "shards", "largest"];

/// How to reach the streams of a region: endpoint, credentials, limits; see [the module](super) for
/// the address and the environment.
#[derive(Clone)]
pub struct KinesisOptions {
    url: BrokerUrl,
    pub(super) endpoint: Option<String>,
    credentials: Option<SharedCredentialsProvider>,
    pub(super) create: bool,
    pub(super) shards: u16,
    pub(super) largest: Option<usize>,
    pub(super) requests: usize,
    pub(super) patience: Duration,
    pub(super) timeout: Duration,
}

impl KinesisOptions {
    /// The options that an address has: `kinesis://region[?…]`.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: it is no such address.
    pub fn new(url: &str) -> Result<Self, ConnectError> {
        Self::of(BrokerUrl::parse(url)?)
    }

    pub(crate) fn of(mut url: BrokerUrl) -> Result<Self, ConnectError> {
        if url.scheme != "kinesis" {
            return Err(url.invalid("it does not begin with `kinesis:`"));
        }
        check_region(&url)?;
        let endpoint = url.take("endpoint");
        if let Some(endpoint) = &endpoint {
            check_endpoint(&url, endpoint)?;
        }
        let create = url.flag("create")?.unwrap_or(false);
        let shards = url.count("shards", u16::MAX)?.unwrap_or(1);
        let largest = url.count("largest", usize::MAX)?;
        url.finish(PARAMETERS)?;
        Ok(Self {
            endpoint,
            credentials: None,
            create,
            shards,
            largest,
            requests: 4,
            patience: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            url,
        })
    }

    /// Where the service is, if it is not the one of AWS: `http://127.0.0.1:4567`.
    ///
    /// # Errors
    /// [`ConnectError::Invalid`]: it is no such address.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Result<Self, ConnectError> {
        let endpoint = endpoint.into();
        check_endpoint(&self.url, &endpoint)?;
        self.endpoint = Some(endpoint);
        Ok(self)
    }

    /// Whether a stream is made if it is missing; if not, that is an error.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// How many shards a stream gets, if it is made: 1, unless another number is given.
    #[must_use]
    pub fn shards(mut self, shards: u16) -> Self {
        self.shards = shards.max(1);
        self
    }

    /// How large a record may be, its partition key included, in bytes. Without it that is what the
    /// stream says: 1 MiB, unless it was given more, and 10 MiB at most.
    #[must_use]
    pub fn largest(mut self, bytes: usize) -> Self {
        self.largest = Some(bytes);
        self
    }

    /// With these credentials: an access key, its secret, and the session's token if it is a
    /// temporary one.
    #[must_use]
    pub fn access_key(
        self,
        access_key: impl Into<String>,
        secret: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        self.credentials_provider(static_credentials(access_key, secret, session_token))
    }

    /// With the credentials that this gives whenever they are needed.
    #[must_use]
    pub fn credentials_provider(mut self, provider: impl ProvideCredentials + 'static) -> Self {
        self.credentials = Some(SharedCredentialsProvider::new(provider));
        self
    }

    /// How many requests a batch may have on their way at the same time: 4, unless another number is
    /// given.
    #[must_use]
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = requests.max(1);
        self
    }

    /// For how long a record is sent again that the stream has not taken, before it counts as
    /// failed: 10 s, unless another time is given.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long the service may take for an answer: 10 s, unless another time is given.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(super) fn region(&self) -> &str {
        self.url.hosts.first().map_or("", String::as_str)
    }

    /// The service, for people, and for whoever compares them.
    pub(crate) fn destination(&self) -> String {
        let region = self.region();
        match &self.endpoint {
            Some(endpoint) => format!("Kinesis in {region} at {endpoint}"),
            None => format!("Kinesis in {region}"),
        }
    }

    /// Whether the endpoint is one that needs TLS.
    pub(super) fn needs_tls(&self) -> bool {
        let endpoint = self.endpoint.as_deref();
        endpoint.is_none_or(|endpoint| endpoint.starts_with("https:"))
    }

    /// The credentials that were given, or those of the environment.
    pub(super) fn given_credentials(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<SharedCredentialsProvider>, ConnectError> {
        if self.credentials.is_some() {
            return Ok(self.credentials.clone());
        }
        let get = |name| environment(name).filter(|value| !value.is_empty());
        match (get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => {
                let credentials = static_credentials(key, secret, get("AWS_SESSION_TOKEN"));
                Ok(Some(SharedCredentialsProvider::new(credentials)))
            }
            (None, None) => Ok(None),
            _ => Err(self.url.invalid(
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both or neither",
            )),
        }
    }
}

fn static_credentials(
    access_key: impl Into<String>,
    secret: impl Into<String>,
    session_token: Option<String>,
) -> Credentials {
    Credentials::new(access_key, secret, session_token, None, "rehydrate")
}

fn check_region(url: &BrokerUrl) -> Result<(), ConnectError> {
    let is_region = |host: &String| {
        let is_known = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        host.bytes().all(is_known)
    };
    if url.user.is_some() {
        return Err(url.invalid(
            "credentials do not belong in it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ));
    }
    if url.hosts.len() != 1 || !url.hosts.iter().all(is_region) {
        return Err(url.invalid(
            "after `kinesis://` comes one region: write `kinesis://eu-west-1`, and \
             `?endpoint=http://host:port` for a server of one's own",
        ));
    }
    if !url.path.is_empty() {
        return Err(url.invalid(
            "it names a stream, but the stream is the topic: leave out what comes after the region",
        ));
    }
    Ok(())
}

fn check_endpoint(url: &BrokerUrl, endpoint: &str) -> Result<(), ConnectError> {
    let place = endpoint
        .strip_prefix("http://")
        .or_else(|| endpoint.strip_prefix("https://"));
    // Whatever else may stand there could be a secret.
    let is_plain = |place: &&str| {
        let is_other = |it: char| matches!(it, '@' | '?' | '#') || it.is_whitespace();
        !place.contains(is_other)
    };
    let place = place.filter(is_plain);
    let place = place.map(|place| place.split_once('/').map_or(place, |(place, _)| place));
    // What comes after the last `:` of a bare `[::1]` is no port.
    let (host, port) = match place.and_then(|place| place.rsplit_once(':')) {
        Some((host, port)) if !port.ends_with(']') => (Some(host), Some(port)),
        _ => (place, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if host.is_some_and(|host| !host.is_empty()) && port.is_none_or(is_port) {
        return Ok(());
    }
    Err(url.invalid("`endpoint` is no `http://host:port` or `https://host:port`"))
}

impl fmt::Debug for KinesisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KinesisOptions")
            .field("url", &self.url)
            .field("endpoint", &self.endpoint)
            .field("create", &self.create)
            .field("shards", &self.shards)
            .field("largest", &self.largest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let error = KinesisOptions::new(url).expect_err("it is no such address");
        error.to_string()
    }

    #[test]
    fn an_address_names_a_region_and_parameters() {
        let url = "kinesis://eu-west-1?endpoint=http://127.0.0.1:4567&create=true&shards=2\
                   &largest=2097152";
        let options = KinesisOptions::new(url).expect("it is an address");
        assert_eq!(options.region(), "eu-west-1");
        assert_eq!(options.endpoint.as_deref(), Some("http://127.0.0.1:4567"));
        assert!(options.create && !options.needs_tls());
        assert_eq!((options.shards, options.largest), (2, Some(2_097_152)));
        let destination = "Kinesis in eu-west-1 at http://127.0.0.1:4567";
        assert_eq!(options.destination(), destination);
        let options = KinesisOptions::new("kinesis://us-east-1").expect("it is an address");
        assert!(options.needs_tls() && !options.create);
        assert_eq!((options.shards, options.largest), (1, None));
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_what_to_write() {
        assert!(refused("kinesis://eu-west-1/events").contains("the stream is the topic"));
        assert!(refused("kinesis://127.0.0.1:4567").contains("endpoint=http://"));
        assert!(refused("kinesis://a,b").contains("one region"));
        assert!(refused("kinesis://r?shards=0").contains("`shards`"));
        assert!(refused("kinesis://r?shards=70000").contains("`shards`"));
        assert!(refused("kinesis://r?largest=1k").contains("`largest`"));
        assert!(refused("kinesis://r?create=yes").contains("`create`"));
        for endpoint in [
            "127.0.0.1",
            "http://",
            "http:///x",
            "http://:80",
            "http://h:",
            "http://h:x",
            "http://h:99999",
            "http://h h",
            "http://h#x",
        ] {
            let error = refused(&format!("kinesis://r?endpoint={endpoint}"));
            assert!(error.contains("`endpoint`"), "{error}");
        }
        for endpoint in [
            "http://h",
            "https://h:1/x",
            "http://[::1]",
            "http://[::1]:80",
        ] {
            let url = format!("kinesis://r?endpoint={endpoint}");
            assert!(KinesisOptions::new(&url).is_ok(), "{endpoint}");
        }
        assert!(refused("kinesis://r?stream=x").contains("`stream`"));
        for secret in [
            "kinesis://key:hidden@eu-west-1",
            "kinesis://eu-west-1?endpoint=http://key:hidden@host",
        ] {
            let error = refused(secret);
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn credentials_come_from_the_options_or_else_from_the_environment() {
        let options = KinesisOptions::new("kinesis://eu-west-1").expect("it is an address");
        let given = |options: &KinesisOptions, environment: &[(&str, &str)]| {
            options.given_credentials(|name| {
                let found = environment.iter().find(|(it, _)| *it == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let both = [
            ("AWS_ACCESS_KEY_ID", "hidden-key"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ];
        assert!(matches!(given(&options, &both), Ok(Some(_))));
        assert!(matches!(given(&options, &[]), Ok(None)));
        assert!(matches!(
            given(&options, &[("AWS_ACCESS_KEY_ID", "")]),
            Ok(None)
        ));
        let error = given(&options, &both[1..]).expect_err("the key is missing");
        assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
        assert!(!error.to_string().contains("hidden"), "{error}");
        let options = options.access_key("hidden", "hidden", Some("hidden".to_owned()));
        assert!(matches!(given(&options, &[]), Ok(Some(_))));
        let shown = format!("{options:?} {}", options.destination());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
