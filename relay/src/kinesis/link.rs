//! The client, and the streams there are.

use std::fmt;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::config::timeout::TimeoutConfig;
use aws_sdk_kinesis::config::{BehaviorVersion, SharedHttpClient};
use aws_sdk_kinesis::config::{ProvideCredentials, Region, SharedCredentialsProvider};
use aws_sdk_kinesis::types::StreamStatus;
use chrono::TimeDelta;
use tokio::time::{Instant, sleep};

use super::options::KinesisOptions;
use super::trouble::{Kind, Trouble};
use crate::connect::ConnectError;

/// What a record may have, key and data together, if the stream says nothing else.
const LARGEST: usize = 1024 * 1024;
/// How long a stream may take until it can be used.
const CREATION: Duration = Duration::from_secs(60);

/// A client for the streams of a region.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) client: Client,
    /// The service, for people.
    pub(super) destination: String,
    region: String,
    create: bool,
    shards: u16,
    largest: Option<usize>,
}

/// What is known of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// How large a record may be, key and data together.
    pub(super) largest: usize,
    pub(super) retention: TimeDelta,
}

/// Why a stream cannot be used.
#[derive(Debug)]
pub(super) enum NotReady {
    /// There is none, and none is to be made.
    Missing,
    /// It stays in this state.
    Slow(String),
    /// The service does not do what it is told: this.
    Trouble(&'static str, Trouble),
}

impl Link {
    /// Makes the client. That somebody answers is seen when something is to be done.
    pub(super) async fn open(options: &KinesisOptions) -> Result<Self, ConnectError> {
        let http = http_client(options)?;
        let region = Region::new(options.region().to_owned());
        let given = options.given_credentials(|name| std::env::var(name).ok())?;
        let credentials = match given {
            Some(credentials) => credentials,
            None => found_credentials(options, &http, &region).await?,
        };
        if let Err(error) = credentials.provide_credentials().await {
            return Err(without_credentials(options, Some(error.into())));
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3).min(options.timeout))
            .operation_timeout(options.timeout)
            .build();
        let mut config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .region(region)
            .credentials_provider(credentials)
            .timeout_config(timeouts)
            // What is sent again, and when, is for us to say: the order of a key depends on it.
            .retry_config(RetryConfig::disabled());
        config.set_endpoint_url(options.endpoint.clone());
        Ok(Self {
            client: Client::from_conf(config.build()),
            destination: options.destination(),
            region: options.region().to_owned(),
            create: options.create,
            shards: options.shards,
            largest: options.largest,
        })
    }

    /// A stream that can be used: it is made if it is missing and may be made, and awaited.
    pub(super) async fn ready(&self, stream: &str) -> Result<Stream, NotReady> {
        let deadline = Instant::now() + CREATION;
        let mut pause = Duration::from_millis(25);
        let mut is_made = false;
        loop {
            let status = match self.describe(stream).await {
                Ok((stream, StreamStatus::Active | StreamStatus::Updating)) => return Ok(stream),
                Ok((_, status)) => status.as_str().to_owned(),
                Err(trouble) => match trouble.kind {
                    Kind::Missing if is_made => "made, but not there yet".to_owned(),
                    Kind::Missing if self.create => {
                        self.make(stream).await?;
                        is_made = true;
                        continue;
                    }
                    Kind::Missing => return Err(NotReady::Missing),
                    Kind::Throttled => "not said, because that is asked too often".to_owned(),
                    _ => return Err(NotReady::Trouble("DescribeStreamSummary", trouble)),
                },
            };
            if Instant::now() >= deadline {
                return Err(NotReady::Slow(status));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn describe(&self, stream: &str) -> Result<(Stream, StreamStatus), Trouble> {
        let asked = self.client.describe_stream_summary().stream_name(stream);
        let answer = asked.send().await.map_err(Trouble::of)?;
        let Some(summary) = answer.stream_description_summary() else {
            return Err(Trouble::new(Kind::Away, "the answer is empty"));
        };
        let of_stream = summary.max_record_size_in_kib();
        let of_stream = of_stream.and_then(|kib| usize::try_from(kib).ok());
        let of_stream = of_stream.filter(|kib| *kib > 0).map(|kib| kib * 1024);
        let hours = i64::from(summary.retention_period_hours());
        let found = Stream {
            largest: self.largest.or(of_stream).unwrap_or(LARGEST),
            retention: TimeDelta::hours(hours),
        };
        Ok((found, summary.stream_status().clone()))
    }

    async fn make(&self, stream: &str) -> Result<(), NotReady> {
        let made = self.client.create_stream().stream_name(stream);
        let made = made.shard_count(i32::from(self.shards)).send().await;
        match made.map_err(Trouble::of) {
            Ok(_) => Ok(()),
            // Somebody else makes it at the same time.
            Err(trouble) if trouble.kind == Kind::InUse => Ok(()),
            Err(trouble) => Err(NotReady::Trouble("CreateStream", trouble)),
        }
    }

    /// What to do about a stream that is missing.
    pub(super) fn missing(&self, stream: &str) -> String {
        format!(
            "there is no stream {stream} in {}: make it with `aws kinesis create-stream \
             --stream-name {stream} --shard-count 1`, say `create=true`, or name its region",
            self.region
        )
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}

/// Whether a stream can have this name.
pub(super) fn check_name(stream: &str) -> Result<(), String> {
    let is_known = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-');
    if (1..=128).contains(&stream.len()) && stream.bytes().all(is_known) {
        return Ok(());
    }
    Err(format!(
        "{stream:?} is no name of a stream: 1 to 128 of a-z, A-Z, 0-9, `_`, `.` and `-`"
    ))
}

#[cfg(feature = "kinesis-aws")]
fn http_client(options: &KinesisOptions) -> Result<SharedHttpClient, ConnectError> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    let client = aws_smithy_http_client::Builder::new();
    if !options.needs_tls() {
        return Ok(client.build_http());
    }
    // Named, because a program may have several of them, and then rustls has no default.
    let ring = Provider::Rustls(CryptoMode::Ring);
    Ok(client.tls_provider(ring).build_https())
}

#[cfg(not(feature = "kinesis-aws"))]
fn http_client(options: &KinesisOptions) -> Result<SharedHttpClient, ConnectError> {
    if options.needs_tls() {
        return Err(ConnectError::FeatureOff {
            scheme: "kinesis".to_owned(),
            feature: "kinesis-aws",
        });
    }
    Ok(aws_smithy_http_client::Builder::new().build_http())
}

/// The credentials that AWS's own tools would find.
#[cfg(feature = "kinesis-aws")]
async fn found_credentials(
    options: &KinesisOptions,
    http: &SharedHttpClient,
    region: &Region,
) -> Result<SharedCredentialsProvider, ConnectError> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    // Who gives credentials may want TLS where the streams do not.
    let http = if options.needs_tls() {
        http.clone()
    } else {
        let ring = Provider::Rustls(CryptoMode::Ring);
        let client = aws_smithy_http_client::Builder::new();
        client.tls_provider(ring).build_https()
    };
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(region.clone())
        .load()
        .await;
    let found = config.credentials_provider();
    found.ok_or_else(|| without_credentials(options, None))
}

#[cfg(not(feature = "kinesis-aws"))]
#[expect(clippy::unused_async, reason = "with `kinesis-aws` it has to wait")]
async fn found_credentials(
    options: &KinesisOptions,
    _: &SharedHttpClient,
    _: &Region,
) -> Result<SharedCredentialsProvider, ConnectError> {
    Err(without_credentials(options, None))
}

fn without_credentials(
    options: &KinesisOptions,
    source: Option<rehydrate::BoxError>,
) -> ConnectError {
    let further = if cfg!(feature = "kinesis-aws") {
        "a profile, a role of this machine"
    } else {
        "build rehydrate-relay with `kinesis-aws` for profiles and roles"
    };
    ConnectError::Refused {
        destination: options.destination(),
        reason: format!(
            "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and \
             AWS_SESSION_TOKEN if they are temporary), give them in the options, or use what else \
             there is: {further}"
        ),
        source,
    }
}
