//! A topic, as it is read.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;
use rehydrate::{Offset, Reader, Received, ReceivedMessage, Source, SourceError};
use tokio::time::{Instant, timeout_at};

use super::feed::{Fed, Feed};
use super::offset::{self, Places};
use super::places::Partition;
use super::source::KafkaSource;

/// Hands over what a consumer reads on its thread.
pub(super) struct KafkaReader {
    source: KafkaSource,
    feed: Feed,
    partitions: BTreeMap<i32, Partition>,
    buffer: VecDeque<Fed>,
    /// How many messages are in the buffer.
    messages: usize,
    /// What is wrong, while no broker answers.
    away: Option<String>,
    has_ended: bool,
}

impl KafkaReader {
    pub(super) fn new(
        source: KafkaSource,
        feed: Feed,
        partitions: BTreeMap<i32, Partition>,
    ) -> Self {
        Self {
            source,
            feed,
            partitions,
            buffer: VecDeque::new(),
            messages: 0,
            away: None,
            has_ended: false,
        }
    }

    fn is_at_end(&self) -> bool {
        let mut partitions = self.partitions.values();
        partitions.all(Partition::is_at_end)
    }

    fn offset(&self) -> Offset {
        let partitions = self.partitions.iter();
        let places: Places = partitions.map(|(number, it)| (*number, it.next)).collect();
        Offset(offset::text(&places))
    }

    /// Fills the buffer: waits for the first message or the end, and takes what comes with it.
    async fn fill(&mut self, limit: usize, deadline: Instant) {
        let was_at_end = self.is_at_end();
        while self.messages < limit {
            let fed = match self.feed.try_recv() {
                Ok(fed) => Some(fed),
                Err(_) if self.messages > 0 || self.has_ended => return,
                Err(_) if !was_at_end && self.will_be_at_end() => return,
                Err(_) => match timeout_at(deadline, self.feed.recv()).await {
                    Ok(fed) => fed,
                    Err(_) => return,
                },
            };
            match fed {
                Some(Fed::Away(reason)) => self.away = Some(reason),
                Some(Fed::Back) => self.away = None,
                Some(fed) => self.keep(fed),
                None => self.has_ended = true,
            }
        }
    }

    fn keep(&mut self, fed: Fed) {
        if let Fed::Message(number, offset, message) = &fed {
            self.away = None;
            let time = message.sent_at.timestamp_millis();
            if let Some(partition) = self.partitions.get_mut(number)
                && let Some(not_before) = partition.not_before
            {
                if time < not_before {
                    // Nothing of this partition is in the buffer yet.
                    partition.next = offset + 1;
                    return;
                }
                partition.not_before = None;
            }
            self.messages += 1;
        }
        self.buffer.push_back(fed);
    }

    /// Whether what is in the buffer, and no message is, goes up to the end.
    fn will_be_at_end(&self) -> bool {
        self.partitions.iter().all(|(number, partition)| {
            let mut buffer = self.buffer.iter();
            partition.is_at_end() || buffer.any(|fed| matches!(fed, Fed::End(it) if it == number))
        })
    }

    /// Takes messages out of the buffer, and what stands between them.
    fn take(&mut self, limit: usize) -> Result<Vec<ReceivedMessage>, SourceError> {
        let mut messages = Vec::with_capacity(limit.min(self.messages));
        while messages.len() < limit || matches!(self.buffer.front(), Some(Fed::End(_))) {
            match self.buffer.pop_front() {
                None => break,
                Some(Fed::Message(number, offset, message)) => {
                    self.messages -= 1;
                    if let Some(partition) = self.partitions.get_mut(&number) {
                        partition.next = offset + 1;
                    }
                    messages.push(*message);
                }
                Some(Fed::End(number)) => {
                    if let Some(partition) = self.partitions.get_mut(&number) {
                        partition.end_here();
                    }
                }
                Some(Fed::Added(number)) => {
                    let added = Partition {
                        next: 0,
                        end: 0,
                        not_before: None,
                    };
                    self.partitions.entry(number).or_insert(added);
                }
                Some(last @ (Fed::Gone(_) | Fed::Broken(_))) if !messages.is_empty() => {
                    self.buffer.push_front(last);
                    break;
                }
                Some(Fed::Gone(reason)) => {
                    return Err(SourceError::Gone {
                        origin: self.source.origin(),
                        offset: self.offset(),
                        reason,
                    });
                }
                Some(Fed::Broken(error)) => return Err(error),
                Some(Fed::Away(_) | Fed::Back) => {}
            }
        }
        Ok(messages)
    }
}

#[async_trait]
impl Reader for KafkaReader {
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError> {
        // What is awaited leaves its results in `self`, and nothing leaves `self` before that.
        self.fill(limit, Instant::now() + wait).await;
        let messages = self.take(limit)?;
        if messages.is_empty() {
            if let Some(reason) = &self.away {
                return Err(self.source.unavailable(reason.clone(), None));
            }
            if self.has_ended {
                let reason = "it has ended: open the source again".to_owned();
                return Err(self.source.unavailable(reason, None));
            }
        }
        Ok(Received::new(messages, self.offset(), self.is_at_end()))
    }
}
