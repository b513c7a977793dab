//! Topics: whether they are there, and how they are made.

use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use super::config;
use super::events::Events;
use super::options::KafkaOptions;
use super::thread::drop_elsewhere;
use crate::connect::ConnectError;

/// How long a topic takes to become known to all brokers.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Why a topic is not to be had.
#[derive(Debug)]
pub(super) enum NoTopic {
    /// It is missing, and nobody has said that it may be made.
    Missing,
    /// The name is none.
    Invalid,
    /// A broker does not give it to us, or does not make it.
    Refused(String, KafkaError),
    /// Nobody answers.
    Away(KafkaError),
}

/// Whether Kafka takes a name for a topic.
pub(super) fn is_name(name: &str) -> bool {
    let is_legal = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-');
    (1..=249).contains(&name.len()) && !matches!(name, "." | "..") && name.bytes().all(is_legal)
}

/// How many partitions a topic has; `None` if there is no such topic. It blocks.
pub(super) fn partitions<C: ClientContext>(
    client: &Client<C>,
    options: &KafkaOptions,
    topic: &str,
) -> Result<Option<usize>, NoTopic> {
    if !is_name(topic) {
        return Err(NoTopic::Invalid);
    }
    let is_old = options.broker_version.is_some();
    let name = (!is_old).then_some(topic);
    let (makes_it, mut is_being_made) = (is_old && options.create, false);
    let deadline = Instant::now() + options.timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let metadata = all(client, options, name, left)?;
        let found = metadata.topics().iter().find(|it| it.name() == topic);
        let code = match found {
            // An old broker makes a topic for which it is asked by name.
            None if makes_it && left > PAUSE => {
                if !std::mem::replace(&mut is_being_made, true) {
                    let _ = client.fetch_metadata(Some(topic), left);
                }
                std::thread::sleep(PAUSE);
                continue;
            }
            None => return Ok(None),
            Some(found) => match found.error() {
                None => return Ok(Some(found.partitions().len())),
                Some(error) => RDKafkaErrorCode::from(error),
            },
        };
        let error = KafkaError::MetadataFetch(code);
        match code {
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                return Ok(None);
            }
            RDKafkaErrorCode::InvalidTopic => return Err(NoTopic::Invalid),
            RDKafkaErrorCode::TopicAuthorizationFailed => {
                let reason = format!(
                    "this user may not see {topic}: `kafka-acls --add --operation Describe --topic \
                     {topic}` allows it"
                );
                return Err(NoTopic::Refused(reason, error));
            }
            // It is being made.
            _ if left > PAUSE => std::thread::sleep(PAUSE),
            _ => return Err(NoTopic::Away(error)),
        }
    }
}

/// What the brokers say of one topic, or of all. It blocks.
pub(super) fn all<C: ClientContext>(
    client: &Client<C>,
    options: &KafkaOptions,
    name: Option<&str>,
    timeout: Duration,
) -> Result<Metadata, NoTopic> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match client.fetch_metadata(name, left.max(PAUSE)) {
            // librdkafka cannot read what an old broker says while it makes a topic.
            Err(KafkaError::MetadataFetch(RDKafkaErrorCode::BadMessage))
                if options.broker_version.is_some() && left > PAUSE =>
            {
                std::thread::sleep(PAUSE);
            }
            answer => return answer.map_err(NoTopic::Away),
        }
    }
}

/// Makes a topic that is missing; whoever makes it at the same time makes the same.
pub(super) async fn make(options: &KafkaOptions, topic: &str) -> Result<(), NoTopic> {
    // It was made by asking for it, or is not made at all.
    if options.broker_version.is_some() || !options.create {
        return Err(NoTopic::Missing);
    }
    let refused = |reason: &str, error| NoTopic::Refused(reason.to_owned(), error);
    let config = config::common(options).map_err(|_| NoTopic::Missing)?;
    let admin: AdminClient<Events> = config
        .create_with_context(Events::default())
        .map_err(|error| refused("there is no client to make it", error))?;
    let replication = TopicReplication::Fixed(options.replication.unwrap_or(-1));
    let new = NewTopic::new(topic, options.partitions.unwrap_or(-1), replication);
    let timeout = Some(options.timeout);
    let how = AdminOptions::new()
        .request_timeout(timeout)
        .operation_timeout(timeout);
    let made = admin.create_topics([&new], &how).await;
    drop_elsewhere(admin);
    let code = match made {
        Err(error) => return Err(NoTopic::Away(error)),
        Ok(results) => match results.into_iter().next() {
            None | Some(Ok(_)) => return Ok(()),
            Some(Err((_, code))) => code,
        },
    };
    let error = KafkaError::AdminOp(code);
    Err(match code {
        RDKafkaErrorCode::TopicAlreadyExists => return Ok(()),
        RDKafkaErrorCode::InvalidTopic => NoTopic::Invalid,
        RDKafkaErrorCode::OperationTimedOut
        | RDKafkaErrorCode::RequestTimedOut
        | RDKafkaErrorCode::NotController
        | RDKafkaErrorCode::BrokerTransportFailure => NoTopic::Away(error),
        _ => NoTopic::Refused(
            format!(
                "{topic} cannot be made: see whether there are as many brokers as `replication` \
                 says, and whether this user may make topics (`kafka-acls --add --operation Create \
                 --topic {topic}`)"
            ),
            error,
        ),
    })
}

impl NoTopic {
    /// What to do about it, where it is refused.
    pub(super) fn reason(&self, topic: &str) -> String {
        match self {
            Self::Missing => format!(
                "there is no topic {topic}: make it with `kafka-topics --create --topic {topic}`, \
                 or say `create=true`"
            ),
            Self::Invalid => format!(
                "{topic:?} is no topic: letters, digits, `.`, `_` and `-`, at most 249 of them"
            ),
            Self::Refused(reason, _) => reason.clone(),
            Self::Away(_) => "the brokers do not answer".to_owned(),
        }
    }

    pub(super) fn into_connect_error(
        self,
        options: &KafkaOptions,
        topic: &str,
        events: &Events,
    ) -> ConnectError {
        let destination = options.destination();
        let mut reason = self.reason(topic);
        match self {
            Self::Away(error) => {
                let source = Some(error.into());
                let complaint = events.complaint();
                reason.push_str(&events.said());
                if complaint.is_some_and(|it| it.is_about_login()) {
                    return not_let_in(destination, events, source);
                }
                ConnectError::Unavailable {
                    destination,
                    reason,
                    source,
                }
            }
            Self::Missing | Self::Invalid => ConnectError::Refused {
                destination,
                reason,
                source: None,
            },
            Self::Refused(_, error) => ConnectError::Refused {
                destination,
                reason,
                source: Some(error.into()),
            },
        }
    }
}

fn not_let_in(
    destination: String,
    events: &Events,
    source: Option<rehydrate::BoxError>,
) -> ConnectError {
    ConnectError::Refused {
        destination,
        reason: format!(
            "there is no connection that both sides trust: check the user and the password \
             (REHYDRATE_KAFKA_USER, REHYDRATE_KAFKA_PASSWORD), `sasl`, and over TLS `tls_ca`, \
             `tls_certificate` and `tls_key`{}",
            events.said()
        ),
        source,
    }
}
