//! A topic with all of its partitions.

use async_trait::async_trait;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rehydrate::{Begin, BoxError, Offset, Reader, Source, SourceError};

use super::config;
use super::events::{self, Events};
use super::feed::{self, Beginning};
use super::offset;
use super::options::KafkaOptions;
use super::reader::KafkaReader;
use super::thread::elsewhere;
use super::topics::{self, NoTopic};
use crate::connect::ConnectError;

/// Reads a topic; [the module](super) says how, and what holds.
#[derive(Clone, Debug)]
pub struct KafkaSource {
    pub(super) options: KafkaOptions,
    pub(super) topic: String,
}

impl KafkaSource {
    /// Connects to read a topic, which is made if it is missing and that was said.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: KafkaOptions, topic: &str) -> Result<Self, ConnectError> {
        let config = config::asking(&options)?;
        let events = Events::default();
        let source = Self {
            topic: topic.to_owned(),
            options,
        };
        let (asking, heard) = (source.clone(), events.clone());
        let asked = elsewhere(move || {
            let client: BaseConsumer<Events> = config
                .create_with_context(heard)
                .map_err(|error| config::refused(&asking.options, &error))?;
            let found = topics::partitions(client.client(), &asking.options, &asking.topic);
            events::hear(&client);
            Ok(found)
        });
        let found = asked
            .await
            .unwrap_or(Ok(Err(NoTopic::Away(KafkaError::Canceled))))?;
        let made = match found {
            Ok(Some(_)) => Ok(()),
            Ok(None) => topics::make(&source.options, topic).await,
            Err(error) => Err(error),
        };
        made.map_err(|error| error.into_connect_error(&source.options, topic, &events))?;
        Ok(source)
    }

    pub(super) fn unavailable(&self, reason: String, source: Option<BoxError>) -> SourceError {
        SourceError::Unavailable {
            origin: self.origin(),
            reason,
            source,
        }
    }

    pub(super) fn refused(&self, reason: String, source: Option<BoxError>) -> SourceError {
        SourceError::Refused {
            origin: self.origin(),
            reason,
            source,
        }
    }
}

#[async_trait]
impl Source for KafkaSource {
    fn origin(&self) -> String {
        format!("{}, topic {}", self.options.destination(), self.topic)
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        let beginning = match begin {
            Begin::Beginning => Beginning::First,
            Begin::At(time) if self.options.broker_version.is_some() => {
                let reason = format!(
                    "brokers older than 0.10 do not know what was there at {time}: begin with the \
                     beginning"
                );
                return Err(self.refused(reason, None));
            }
            Begin::At(time) => Beginning::At(time.timestamp_millis()),
            Begin::After(Offset(text)) => match offset::parse(text) {
                Some(places) => Beginning::After(places),
                None => {
                    let reason = format!("{text:?} is not an offset of it, such as `0:17,1:4`");
                    return Err(self.refused(reason, None));
                }
            },
        };
        let (feed, partitions) = feed::open(self.clone(), beginning).await?;
        Ok(Box::new(KafkaReader::new(self.clone(), feed, partitions)))
    }
}
