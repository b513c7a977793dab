//! A topic of a stream.

use async_nats::jetstream::stream::{LastRawMessageErrorKind, State};
use async_trait::async_trait;
use rehydrate::{Begin, BoxError, Offset, Reader, Source, SourceError};

use super::link::Link;
use super::options::NatsOptions;
use super::reader::{NatsReader, Place};
use super::subject;
use crate::connect::ConnectError;

/// Reads a topic of a stream; [the module](super) says how, and what holds.
#[derive(Clone, Debug)]
pub struct NatsSource {
    pub(super) link: Link,
    pub(super) filter: String,
}

impl NatsSource {
    /// Connects to read a topic, or whatever a filter of subjects (`payments.>`) lets through.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: NatsOptions, topic: &str) -> Result<Self, ConnectError> {
        let filter = subject::filter(topic).map_err(|reason| ConnectError::Refused {
            destination: options.destination(),
            reason: format!("{topic:?} cannot be read: {reason}"),
            source: None,
        })?;
        let (link, _) = Link::open(&options).await?;
        Ok(Self { link, filter })
    }

    /// The first and the last of what the stream has.
    pub(super) async fn state(&self) -> Result<State, SourceError> {
        match self.link.info().await {
            Ok(Some(info)) => Ok(info.state),
            Ok(None) => Err(self.refused("there is no such stream any more")),
            Err(error) => Err(self.unavailable("JetStream does not answer", Some(error))),
        }
    }

    /// The sequence of the last message that passes the filter; 0 if none does.
    pub(super) async fn last(&self) -> Result<u64, SourceError> {
        let jetstream = &self.link.jetstream;
        let stream = jetstream.get_stream_no_info(&self.link.stream).await;
        let stream = stream
            .map_err(|error| self.unavailable("the stream cannot be asked", Some(error.into())))?;
        match stream.get_last_raw_message_by_subject(&self.filter).await {
            Ok(message) => Ok(message.sequence),
            Err(error) => match error.kind() {
                LastRawMessageErrorKind::NoMessageFound => Ok(0),
                _ => Err(self.unavailable("JetStream does not answer", Some(error.into()))),
            },
        }
    }

    /// That everything after a sequence is still there.
    pub(super) fn check_kept(&self, state: &State, after: u64) -> Result<(), SourceError> {
        let reason = if state.last_sequence < after {
            format!(
                "the stream ends with {}, it is another one than before",
                state.last_sequence
            )
        } else if state.first_sequence > after.saturating_add(1) {
            format!("the stream begins with {}", state.first_sequence)
        } else {
            return Ok(());
        };
        Err(SourceError::Gone {
            origin: self.origin(),
            offset: Offset(after.to_string()),
            reason,
        })
    }

    pub(super) fn unavailable(&self, reason: &str, source: Option<BoxError>) -> SourceError {
        SourceError::Unavailable {
            origin: self.origin(),
            reason: format!("{reason}{}", self.link.complaint()),
            source,
        }
    }

    pub(super) fn refused(&self, reason: &str) -> SourceError {
        SourceError::Refused {
            origin: self.origin(),
            reason: reason.to_owned(),
            source: None,
        }
    }
}

#[async_trait]
impl Source for NatsSource {
    fn origin(&self) -> String {
        format!("{}, subject {}", self.link.destination, self.filter)
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        let place = match begin {
            Begin::Beginning => Place::After(0),
            Begin::After(offset) => {
                Place::After(offset.0.parse().map_err(|error: std::num::ParseIntError| {
                    SourceError::Refused {
                        origin: self.origin(),
                        reason: format!(
                            "{offset:?} is not an offset of it: a sequence is a number"
                        ),
                        source: Some(error.into()),
                    }
                })?)
            }
            Begin::At(time) => Place::At(*time),
        };
        let state = self.state().await?;
        if let (Begin::After(_), Place::After(after)) = (begin, place) {
            self.check_kept(&state, after)?;
        }
        // After the state: nothing that passes the filter is between this one and the state's last.
        let last = self.last().await?;
        let reader = NatsReader::open(self.clone(), place, last, state.last_sequence).await?;
        Ok(Box::new(reader))
    }
}
