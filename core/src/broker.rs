//! A message broker without a server, for tests and for trying things out.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rehydrate_port::Offset;
use tokio::sync::watch;

use crate::publish::{CloudEvent, Message, PublishError, Publisher};
use crate::source::{Begin, Reader, Received, ReceivedMessage, Source, SourceError};

const LARGEST: usize = 1_000_000;

/// A broker in memory: topics with their messages, each of one partition.
///
/// It keeps all promises of a [`Publisher`] and of a [`Source`], and forgets everything when the
/// last clone is dropped. [`refuse`](Self::refuse) and [`set_available`](Self::set_available) let a
/// test see what becomes of messages that are not taken.
#[derive(Clone, Debug, Default)]
pub struct MemoryBroker(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// How many messages there are in all topics.
    news: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    topics: BTreeMap<String, Vec<Kept>>,
    refused: HashSet<String>,
    is_away: bool,
}

#[derive(Clone, Debug)]
struct Kept {
    key: String,
    /// The event in structured mode, as it would travel.
    text: String,
    at: DateTime<Utc>,
}

impl MemoryBroker {
    /// An empty broker.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes no messages with this key until told otherwise by [`accept`](Self::accept).
    pub fn refuse(&self, key: impl Into<String>) {
        self.with(|state| state.refused.insert(key.into()));
    }

    /// Takes messages with this key again.
    pub fn accept(&self, key: &str) {
        self.with(|state| state.refused.remove(key));
    }

    /// Whether the broker answers at all.
    pub fn set_available(&self, is_available: bool) {
        self.with(|state| state.is_away = !is_available);
    }

    /// Puts a text into a topic that may be no event.
    pub fn put(&self, topic: impl Into<String>, key: impl Into<String>, text: impl Into<String>) {
        let (topic, key, text) = (topic.into(), key.into(), text.into());
        self.with(|state| state.keep(topic, key, text));
        self.tell();
    }

    /// The events of a topic, in the order in which they came.
    #[must_use]
    pub fn events(&self, topic: &str) -> Vec<CloudEvent> {
        let kept = self.with(|state| state.topics.get(topic).cloned().unwrap_or_default());
        let events = kept
            .iter()
            .filter_map(|kept| CloudEvent::from_json(&kept.text).ok());
        events.collect()
    }

    /// The keys of a topic's messages, in the order in which they came.
    #[must_use]
    pub fn keys(&self, topic: &str) -> Vec<String> {
        self.with(|state| {
            let kept = state.topics.get(topic).into_iter().flatten();
            kept.map(|kept| kept.key.clone()).collect()
        })
    }

    /// A source of a topic.
    #[must_use]
    pub fn topic(&self, topic: impl Into<String>) -> MemoryTopic {
        MemoryTopic {
            broker: self.clone(),
            topic: topic.into(),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.0.news.send_modify(|messages| *messages += 1);
    }
}

impl State {
    fn keep(&mut self, topic: String, key: String, text: String) {
        let kept = self.topics.entry(topic).or_default();
        // Two messages of one moment would make "from this time on" ambiguous in tests.
        let earliest = kept.last().map(|last| last.at + TimeDelta::microseconds(1));
        let at = earliest.map_or_else(Utc::now, |earliest| earliest.max(Utc::now()));
        kept.push(Kept { key, text, at });
    }

    fn publish(
        &mut self,
        message: &Message,
        held: &mut HashSet<String>,
    ) -> Result<(), PublishError> {
        if held.contains(&message.key) {
            return Err(PublishError::NotSent);
        }
        let sent = self.accept(message);
        if sent.is_err() {
            held.insert(message.key.clone());
        }
        sent
    }

    fn accept(&mut self, message: &Message) -> Result<(), PublishError> {
        if self.is_away {
            return Err(PublishError::Unavailable {
                reason: "it was told to be".to_owned(),
                source: None,
            });
        }
        if self.refused.contains(&message.key) {
            return Err(PublishError::Failed {
                reason: format!("messages of {} are refused", message.key),
                source: None,
            });
        }
        let text = message
            .event
            .to_json()
            .map_err(|error| PublishError::Rejected {
                reason: "its data is no JSON".to_owned(),
                source: Some(error.into()),
            })?;
        if text.len() > LARGEST {
            return Err(PublishError::Rejected {
                reason: format!("it has {} bytes, and {LARGEST} are the most", text.len()),
                source: None,
            });
        }
        self.keep(message.topic.clone(), message.key.clone(), text);
        Ok(())
    }
}

#[async_trait]
impl Publisher for MemoryBroker {
    fn destination(&self) -> String {
        "memory".to_owned()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut held = HashSet::new();
        let outcomes = self.with(|state| {
            let outcomes = batch
                .iter()
                .map(|message| state.publish(message, &mut held));
            outcomes.collect()
        });
        self.tell();
        outcomes
    }
}

/// A topic of a [`MemoryBroker`].
#[derive(Clone, Debug)]
pub struct MemoryTopic {
    broker: MemoryBroker,
    topic: String,
}

#[async_trait]
impl Source for MemoryTopic {
    fn origin(&self) -> String {
        format!("memory, topic {}", self.topic)
    }

    async fn open(&self, begin: &Begin) -> Result<Box<dyn Reader>, SourceError> {
        let (end, at) = self.broker.with(|state| {
            let kept = state.topics.get(&self.topic).map_or(&[][..], |kept| kept);
            let at = match begin {
                Begin::At(time) => kept.partition_point(|kept| kept.at < *time),
                Begin::Beginning | Begin::After(_) => 0,
            };
            (kept.len(), at)
        });
        let next = match begin {
            Begin::After(offset) => {
                offset
                    .0
                    .parse()
                    .map_err(|error: std::num::ParseIntError| SourceError::Refused {
                        origin: self.origin(),
                        reason: format!("{offset:?} is not an offset of it"),
                        source: Some(error.into()),
                    })?
            }
            Begin::Beginning | Begin::At(_) => at,
        };
        Ok(Box::new(MemoryReader {
            topic: self.clone(),
            next,
            end,
        }))
    }
}

struct MemoryReader {
    topic: MemoryTopic,
    next: usize,
    end: usize,
}

#[async_trait]
impl Reader for MemoryReader {
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError> {
        let mut news = self.topic.broker.0.news.subscribe();
        let is_there = || {
            self.topic.broker.with(|state| {
                let kept = state.topics.get(&self.topic.topic);
                kept.is_some_and(|kept| kept.len() > self.next)
            })
        };
        let waiting = news.wait_for(|_| is_there());
        // Nothing is what comes if nothing does.
        let _ = tokio::time::timeout(wait, waiting).await;
        let messages: Vec<ReceivedMessage> = self.topic.broker.with(|state| {
            let kept = state.topics.get(&self.topic.topic).into_iter().flatten();
            let wanted = kept.enumerate().skip(self.next).take(limit);
            let messages = wanted.map(|(number, kept)| {
                let place = format!("{}, message {}", self.topic.origin(), number + 1);
                ReceivedMessage::new(CloudEvent::from_json(&kept.text), place, kept.at)
            });
            messages.collect()
        });
        self.next += messages.len();
        let offset = Offset(self.next.to_string());
        Ok(Received::new(messages, offset, self.next >= self.end))
    }
}
