//! Where a topic begins and ends, and where a reader does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rehydrate::SourceError;

use super::events::{self, Events};
use super::offset::{self, Places};
use super::source::KafkaSource;
use super::topics::{self, NoTopic};
use super::{config, feed::Beginning};

/// How often a partition that ends too early is asked again: who has just become its leader may not
/// know yet how far it goes.
const DOUBTS: usize = 3;
const DOUBT: Duration = Duration::from_millis(300);

/// Of a partition that ends where a broker has nothing more.
const UNKNOWN_END: i64 = i64::MAX;

/// A partition for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    /// What comes next.
    pub(super) next: i64,
    /// What came next when the reader was opened.
    pub(super) end: i64,
    /// What is older is passed over, up to the first message that is not: milliseconds since 1970.
    pub(super) not_before: Option<i64>,
}

impl Partition {
    /// Whether everything has been read that was there when the reader was opened.
    pub(super) fn is_at_end(&self) -> bool {
        self.next >= self.end
    }

    /// Everything has been read. What is between the last message and the end is not for readers:
    /// marks of transactions, and what was compacted away. Or it is hidden by a broker that has just
    /// become the leader, and comes then: so a reader does not go on behind it.
    pub(super) fn end_here(&mut self) {
        self.end = self.end.min(self.next);
    }
}

/// A consumer of a topic that is asked about it. Everything here blocks.
pub(super) struct Asked {
    pub(super) source: KafkaSource,
    pub(super) consumer: BaseConsumer<Events>,
    pub(super) events: Events,
}

impl Asked {
    pub(super) fn open(source: KafkaSource) -> Result<Self, SourceError> {
        let events = Events::default();
        let refused = |error: crate::ConnectError| {
            source.refused("there is no client for it".to_owned(), Some(error.into()))
        };
        let config = config::reader(&source.options).map_err(refused)?;
        let made = config.create_with_context(events.clone());
        let consumer = made
            .map_err(|error| config::refused(&source.options, &error))
            .map_err(refused)?;
        Ok(Self {
            source,
            consumer,
            events,
        })
    }

    /// How many partitions the topic has.
    pub(super) fn count(&self) -> Result<i32, SourceError> {
        let (options, topic) = (&self.source.options, &self.source.topic);
        let no_topic = match topics::partitions(self.consumer.client(), options, topic) {
            Ok(Some(count)) => return Ok(i32::try_from(count).unwrap_or(i32::MAX)),
            Ok(None) => NoTopic::Missing,
            Err(error) => error,
        };
        let reason = no_topic.reason(topic);
        events::hear(&self.consumer);
        Err(match no_topic {
            NoTopic::Away(error) => {
                let reason = format!("{reason}{}", self.events.said());
                self.source.unavailable(reason, Some(error.into()))
            }
            NoTopic::Refused(_, error) => self.source.refused(reason, Some(error.into())),
            NoTopic::Missing | NoTopic::Invalid => self.source.refused(reason, None),
        })
    }

    /// The first offset of a partition, and the one that comes next.
    pub(super) fn range(
        &self,
        partition: i32,
        timeout: Duration,
    ) -> Result<(i64, i64), KafkaError> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let asked = self.consumer.fetch_watermarks(
                &self.source.topic,
                partition,
                left.max(topics::PAUSE),
            );
            match asked {
                Ok((low, high)) => return Ok((low.max(0), high.max(0))),
                // Its leader is being chosen, say.
                Err(_) if left > topics::PAUSE => std::thread::sleep(topics::PAUSE),
                Err(error) => return Err(error),
            }
        }
    }

    fn range_at_once(&self, partition: i32) -> Result<(i64, i64), SourceError> {
        let asked = self.range(partition, self.source.options.timeout);
        asked.map_err(|error| self.no_answer(partition, error))
    }

    fn no_answer(&self, partition: i32, error: KafkaError) -> SourceError {
        let said = self.events.said();
        let reason = format!("no broker says where partition {partition} begins and ends{said}");
        self.source.unavailable(reason, Some(error.into()))
    }

    /// Where a reader begins in each partition.
    pub(super) fn begin(
        &self,
        beginning: &Beginning,
    ) -> Result<BTreeMap<i32, Partition>, SourceError> {
        let count = self.count()?;
        let mut partitions = BTreeMap::new();
        for number in 0..count {
            let (next, end) = match beginning {
                Beginning::After(places) => self.after(places, number)?,
                Beginning::First | Beginning::At(_) => self.range_at_once(number)?,
            };
            let partition = Partition {
                next,
                end,
                not_before: None,
            };
            partitions.insert(number, partition);
        }
        match beginning {
            Beginning::First => {}
            Beginning::After(places) => {
                if let Some(number) = places.keys().find(|number| **number >= count) {
                    let reason = format!(
                        "it has {count} partitions and no partition {number}, it is another topic \
                         than before"
                    );
                    return Err(self.gone(places, reason));
                }
            }
            // After the ends are known, so that what comes in between is not passed over.
            Beginning::At(time) => self.begin_at(*time, &mut partitions)?,
        }
        if !self.source.options.has_watermarks {
            for partition in partitions.values_mut() {
                if partition.next < partition.end {
                    partition.end = UNKNOWN_END;
                }
            }
        }
        Ok(partitions)
    }

    /// The next offset of a partition and its end, if everything between them is there.
    fn after(&self, places: &Places, number: i32) -> Result<(i64, i64), SourceError> {
        // What is not in the offset was added since: it is read from its beginning.
        let next = places.get(&number).copied().unwrap_or(0);
        let (mut low, mut high) = self.range_at_once(number)?;
        if !self.source.options.has_watermarks {
            high = high.max(next);
        }
        for _ in 0..DOUBTS {
            if next <= high {
                break;
            }
            std::thread::sleep(DOUBT);
            (low, high) = self.range_at_once(number)?;
        }
        match missing(number, next, (low, high)) {
            Some(reason) => Err(self.gone(places, reason)),
            None => Ok((next, high)),
        }
    }

    fn gone(&self, places: &Places, reason: String) -> SourceError {
        SourceError::Gone {
            origin: rehydrate::Source::origin(&self.source),
            offset: rehydrate::Offset(offset::text(places)),
            reason,
        }
    }

    fn begin_at(
        &self,
        time: i64,
        partitions: &mut BTreeMap<i32, Partition>,
    ) -> Result<(), SourceError> {
        let times = partitions
            .keys()
            .map(|number| (*number, Offset::Offset(time.max(0))));
        let times = self.list(times);
        let found = times.and_then(|times| {
            self.consumer
                .offsets_for_times(times, self.source.options.timeout)
        });
        let found = found.map_err(|error| {
            let reason = format!(
                "no broker says what was there at that time{}",
                self.events.said()
            );
            self.source.unavailable(reason, Some(error.into()))
        })?;
        for element in found.elements() {
            let number = element.partition();
            if let Err(error) = element.error() {
                return Err(self.no_answer(number, error));
            }
            let Some(partition) = partitions.get_mut(&number) else {
                continue;
            };
            partition.next = match element.offset() {
                Offset::Offset(next) => next,
                // Nothing is as young: it may come, and something older before it.
                _ => partition.end,
            };
            partition.not_before = Some(time);
        }
        Ok(())
    }

    /// Reads on from here in each partition.
    pub(super) fn assign(&self, places: &Places) -> Result<(), SourceError> {
        let next = places
            .iter()
            .map(|(number, next)| (*number, Offset::Offset(*next)));
        let assigned = self.list(next).and_then(|list| self.consumer.assign(&list));
        assigned.map_err(|error| {
            let reason = "the client does not read it".to_owned();
            self.source.unavailable(reason, Some(error.into()))
        })
    }

    fn list(
        &self,
        offsets: impl Iterator<Item = (i32, Offset)>,
    ) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::new();
        for (number, offset) in offsets {
            list.add_partition_offset(&self.source.topic, number, offset)?;
        }
        Ok(list)
    }
}

/// What is missing of a partition, if something is.
pub(super) fn missing(number: i32, next: i64, (low, high): (i64, i64)) -> Option<String> {
    if next > high {
        return Some(format!(
            "partition {number} ends with {high}, it is another topic than before"
        ));
    }
    (next < low).then(|| format!("partition {number} begins with {low}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_ends_early_is_read_on_from_there() {
        for end in [100, UNKNOWN_END] {
            let mut partition = Partition {
                next: 95,
                end,
                not_before: None,
            };
            assert!(!partition.is_at_end());
            partition.end_here();
            assert!(partition.is_at_end());
            assert_eq!(partition.next, 95);
        }
    }
}
