//! A stream that can be read.

use async_trait::async_trait;
use chrono::Utc;
use rehydrate::{Begin, Offset, Reader, Source, SourceError};

use super::link::{Link, NotReady, Stream, check_name};
use super::options::KinesisOptions;
use super::place::Places;
use super::reader::KinesisReader;
use super::shards::{Listed, Shards};
use super::trouble::{Kind, Trouble};
use crate::connect::ConnectError;

/// Reads a stream, all of its shards; [the module](super) says how, and what holds.
#[derive(Clone, Debug)]
pub struct KinesisSource {
    pub(super) link: Link,
    pub(super) stream: String,
}

impl KinesisSource {
    /// Connects to read the stream that is called like the topic.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: KinesisOptions, topic: &str) -> Result<Self, ConnectError> {
        let destination = options.destination();
        let refused = |reason: String| ConnectError::Refused {
            destination: destination.clone(),
            reason,
            source: None,
        };
        check_name(topic).map_err(refused)?;
        let link = Link::open(&options).await?;
        match link.ready(topic).await {
            Ok(_) => {}
            Err(NotReady::Missing) => return Err(refused(link.missing(topic))),
            Err(NotReady::Slow(status)) => {
                return Err(ConnectError::Unavailable {
                    destination,
                    reason: format!("the stream {topic} cannot be used yet: it is {status}"),
                    source: None,
                });
            }
            Err(NotReady::Trouble(action, trouble)) => {
                let reason = trouble.reason(action);
                let source = Some(trouble.source());
                return Err(if is_passing(trouble.kind) {
                    ConnectError::Unavailable {
                        destination,
                        reason,
                        source,
                    }
                } else {
                    ConnectError::Refused {
                        destination,
                        reason,
                        source,
                    }
                });
            }
        }
        Ok(Self {
            link,
            stream: topic.to_owned(),
        })
    }

    /// The shards there are, closed ones too as long as something of them may be left.
    pub(super) async fn list(&self) -> Result<Vec<Listed>, Trouble> {
        let mut listed = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let asked = self.link.client.list_shards();
            // A token stands for the stream, too.
            let asked = match next.take() {
                Some(token) => asked.next_token(token),
                None => asked.stream_name(&self.stream),
            };
            let answer = asked.send().await.map_err(Trouble::of)?;
            listed.extend(answer.shards().iter().map(|shard| {
                let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
                let parents = parents.into_iter().flatten().map(ToOwned::to_owned);
                Listed {
                    id: shard.shard_id().to_owned(),
                    parents: parents.collect(),
                }
            }));
            match answer.next_token {
                Some(token) => next = Some(token),
                None => return Ok(listed),
            }
        }
    }

    async fn stream(&self) -> Result<Stream, SourceError> {
        match self.link.ready(&self.stream).await {
            Ok(stream) => Ok(stream),
            Err(NotReady::Missing) => Err(self.refused(self.link.missing(&self.stream))),
            Err(NotReady::Slow(status)) => Err(SourceError::Unavailable {
                origin: self.origin(),
                reason: format!("it cannot be used yet: it is {status}"),
                source: None,
            }),
            Err(NotReady::Trouble(action, trouble)) => Err(self.failed(action, &trouble)),
        }
    }

    pub(super) fn failed(&self, action: &str, trouble: &Trouble) -> SourceError {
        let origin = self.origin();
        let source = Some(trouble.source());
        let reason = match trouble.kind {
            Kind::Missing => self.link.missing(&self.stream),
            _ => trouble.reason(action),
        };
        if is_passing(trouble.kind) {
            return SourceError::Unavailable {
                origin,
                reason,
                source,
            };
        }
        SourceError::Refused {
            origin,
            reason,
            source,
        }
    }

    pub(super) fn gone(&self, offset: Offset, reason: String) -> SourceError {
        SourceError::Gone {
            origin: self.origin(),
            offset,
            reason,
        }
    }

    fn refused(&self, reason: String) -> SourceError {
        SourceError::Refused {
            origin: self.origin(),
            reason,
            source: None,
        }
    }
}

fn is_passing(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Away | Kind::Throttled | Kind::InUse | Kind::ExpiredIterator
    )
}

#[async_trait]
impl Source for KinesisSource {
    fn origin(&self) -> String {
        format!("{}, stream {}", self.link.destination, self.stream)
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        let places = match begin {
            Begin::Beginning => Places::default(),
            Begin::At(time) => Places {
                from: Some(*time),
                ..Places::default()
            },
            Begin::After(offset) => Places::parse(offset).map_err(|form| {
                self.refused(format!("{:?} is not an offset of it: {form}", offset.0))
            })?,
        };
        let opened = Utc::now();
        let stream = self.stream().await?;
        let listed = self.list().await;
        let listed = listed.map_err(|trouble| self.failed("ListShards", &trouble))?;
        let shards = Shards::new(places, listed, stream.retention, opened);
        let shards = shards.map_err(|reason| {
            let offset = match begin {
                Begin::After(offset) => offset.clone(),
                _ => Offset(String::new()),
            };
            self.gone(offset, reason)
        })?;
        Ok(Box::new(KinesisReader::new(self.clone(), shards)))
    }
}
