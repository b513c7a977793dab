//! Messages to a stream.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::HeaderMap;
use async_nats::connection::State;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError as NatsError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rehydrate::{Message, PublishError, Publisher};
use tokio::sync::watch;

use super::link::{Link, LinkState};
use super::options::NatsOptions;
use super::{envelope, subject};
use crate::connect::ConnectError;

/// Sends messages to a stream; [the module](super) says how, and what holds.
#[derive(Clone, Debug)]
pub struct NatsPublisher {
    link: Link,
    window: usize,
    /// What the stream takes, headers and data together, if it takes less than the server.
    largest: Option<usize>,
}

impl NatsPublisher {
    /// Connects, and makes the stream if that was said.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: NatsOptions) -> Result<Self, ConnectError> {
        let (link, config) = Link::open(&options).await?;
        Ok(Self {
            link,
            window: options.window,
            largest: usize::try_from(config.max_message_size).ok(),
        })
    }

    /// Sends the messages of one key, the next one when the one before it is confirmed.
    ///
    /// Messages in a row without waiting would arrive in order, too, as long as all goes well. But
    /// what was written to a connection that breaks is lost, and what the client still holds is
    /// sent over the next one: the second message of a key without the first. No header of
    /// JetStream forbids that, because the sequence or id to expect is not known before the first
    /// is stored (and the expected id is one of the whole stream). Keys do not wait for each other.
    async fn send_in_order(
        &self,
        batch: &[Message],
        numbers: Vec<usize>,
        is_away: &AtomicBool,
    ) -> Vec<(usize, Result<(), PublishError>)> {
        let mut state = self.link.state();
        let mut outcomes = Vec::with_capacity(numbers.len());
        let mut has_failed = false;
        for number in numbers {
            let outcome = match batch.get(number) {
                Some(message) if !has_failed => self.send(message, &mut state, is_away).await,
                _ => Err(PublishError::NotSent),
            };
            if matches!(outcome, Err(PublishError::Unavailable { .. })) {
                is_away.store(true, Ordering::Relaxed);
            }
            has_failed |= outcome.is_err();
            outcomes.push((number, outcome));
        }
        outcomes
    }

    async fn send(
        &self,
        message: &Message,
        state: &mut watch::Receiver<LinkState>,
        is_away: &AtomicBool,
    ) -> Result<(), PublishError> {
        let subject = subject::of(message)?;
        let headers = envelope::headers(message, &self.link.stream)?;
        self.check_size(message, &headers)?;
        if is_away.load(Ordering::Relaxed) {
            return Err(unavailable("it did not answer to others of this batch"));
        }
        // What is handed to the client now would wait in it, and be sent when nobody expects it.
        if self.link.client.connection_state() != State::Connected {
            return Err(unavailable("the connection is lost, and not back yet"));
        }
        state.mark_unchanged();
        let payload = message.event.data.clone().into();
        let publish = PublishMessage::build().payload(payload).headers(headers);
        let sending = async {
            let jetstream = &self.link.jetstream;
            jetstream
                .send_publish(subject.clone(), publish)
                .await?
                .await
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent,
            // The acknowledgement was for a connection that there is no more.
            _ = state.wait_for(|state| state.is_lost) => {
                return Err(unavailable("the connection was lost before it was confirmed"));
            }
        };
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(self.reason(&subject, error).await),
        }
    }

    fn check_size(&self, message: &Message, headers: &HeaderMap) -> Result<(), PublishError> {
        let size = envelope::size(headers) + message.event.data.len();
        let of_server = self.link.client.max_payload();
        let (most, whose) = match self.largest {
            Some(largest) if largest < of_server => (largest, "max_msg_size of the stream"),
            _ => (of_server, "max_payload of the server"),
        };
        if size <= most {
            return Ok(());
        }
        Err(PublishError::Rejected {
            reason: format!(
                "it has {size} bytes with its headers, and {most} are the most: raise {whose}"
            ),
            source: None,
        })
    }

    async fn reason(&self, subject: &str, error: NatsError) -> PublishError {
        let kind = error.kind();
        let said = said(&error);
        let source = Some(error.into());
        match (kind, said) {
            (PublishErrorKind::StreamNotFound, _) => return self.unheard(subject).await,
            (PublishErrorKind::TimedOut, _) => PublishError::Unavailable {
                reason: format!("it was not confirmed in time{}", self.link.complaint()),
                source,
            },
            (PublishErrorKind::MaxPayloadExceeded, _) => PublishError::Rejected {
                reason: "it is larger than max_payload of the server".to_owned(),
                source,
            },
            (PublishErrorKind::WrongLastMessageId | PublishErrorKind::WrongLastSequence, _) => {
                PublishError::Failed {
                    reason: "the stream expects another message".to_owned(),
                    source,
                }
            }
            (_, Some(code)) => answered(code, subject, source),
            (_, None) => PublishError::Unavailable {
                reason: "there was no acknowledgement that can be read".to_owned(),
                source,
            },
        }
    }

    /// Nobody takes the subject: the stream is not there now, or has never heard of the topic.
    async fn unheard(&self, subject: &str) -> PublishError {
        let stream = &self.link.stream;
        match self.link.info().await {
            Ok(Some(info)) => {
                let subjects = info.config.subjects;
                if subjects.iter().any(|it| subject::is_within(subject, it)) {
                    return unavailable("the stream does not answer, though it has the subject");
                }
                let subjects = subjects.join(", ");
                PublishError::Rejected {
                    reason: format!(
                        "the stream {stream} takes {subjects}, and not {subject}: add it with \
                         `nats stream edit {stream} --subjects`"
                    ),
                    source: None,
                }
            }
            // Somebody has deleted it, or is about to make it: everything waits for that.
            Ok(None) => unavailable(&format!("there is no stream {stream} any more: make it")),
            Err(error) => PublishError::Unavailable {
                reason: "JetStream does not answer".to_owned(),
                source: Some(error),
            },
        }
    }
}

#[async_trait]
impl Publisher for NatsPublisher {
    fn destination(&self) -> String {
        self.link.destination.clone()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let is_away = AtomicBool::new(false);
        let mut waiting = by_key(batch).into_iter();
        let mut sending = FuturesUnordered::new();
        let mut outcomes: Vec<_> = batch.iter().map(|_| Err(PublishError::NotSent)).collect();
        loop {
            while sending.len() < self.window
                && let Some(numbers) = waiting.next()
            {
                sending.push(self.send_in_order(batch, numbers, &is_away));
            }
            let Some(sent) = sending.next().await else {
                return outcomes;
            };
            for (number, outcome) in sent {
                if let Some(place) = outcomes.get_mut(number) {
                    *place = outcome;
                }
            }
        }
    }
}

/// The places of the messages of each key, the keys in the order of their first messages.
fn by_key(batch: &[Message]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut keys: Vec<Vec<usize>> = Vec::new();
    for (number, message) in batch.iter().enumerate() {
        let place = *places.entry(&message.key).or_insert(keys.len());
        match keys.get_mut(place) {
            Some(key) => key.push(number),
            None => keys.push(vec![number]),
        }
    }
    keys
}

fn unavailable(reason: &str) -> PublishError {
    PublishError::Unavailable {
        reason: reason.to_owned(),
        source: None,
    }
}

/// The code of what the stream has answered, if it has.
fn said(error: &NatsError) -> Option<ErrorCode> {
    let source = std::error::Error::source(error)?;
    let said = source.downcast_ref::<async_nats::jetstream::Error>()?;
    Some(said.error_code())
}

/// What it means that the stream has answered with a refusal.
fn answered(code: ErrorCode, subject: &str, source: Option<rehydrate::BoxError>) -> PublishError {
    match code {
        ErrorCode::STREAM_NOT_MATCH => PublishError::Rejected {
            reason: format!("{subject} is a subject of another stream: name that stream"),
            source,
        },
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM | ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM => {
            PublishError::Rejected {
                reason: "it is larger than the stream takes: raise max_msg_size".to_owned(),
                source,
            }
        }
        ErrorCode::CLUSTER_NOT_AVAILABLE
        | ErrorCode::CLUSTER_NOT_LEADER
        | ErrorCode::CLUSTER_NOT_ACTIVE
        | ErrorCode::STREAM_OFFLINE
        | ErrorCode::JETSTREAM_NOT_ENABLED
        | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => PublishError::Unavailable {
            reason: "JetStream does not work at the moment".to_owned(),
            source,
        },
        // A limit of the stream or of the account is reached, mostly.
        _ => PublishError::Failed {
            reason: "the stream refuses it".to_owned(),
            source,
        },
    }
}
