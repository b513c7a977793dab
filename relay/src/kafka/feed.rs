//! A consumer on a thread of its own, and what it reads.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::DateTime;
use rdkafka::Message as _;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rehydrate::{ReceivedMessage, SourceError};
use tokio::sync::{mpsc, oneshot};

use super::envelope;
use super::offset::Places;
use super::places::{Asked, Partition, missing};
use super::source::KafkaSource;
use super::thread::spawn;
use super::topics;

/// How many messages are read ahead, beside those in the client.
const AHEAD: usize = 1_000;
/// How often is looked whether there is still somebody who reads.
const BREATH: Duration = Duration::from_millis(100);
/// How often is looked for partitions that were added.
const LOOK: Duration = Duration::from_secs(30);
/// How often brokers that are away are asked, and for how long.
const PROBE: Duration = Duration::from_millis(500);

/// Where to begin, in terms of Kafka.
#[derive(Clone, Debug)]
pub(super) enum Beginning {
    First,
    After(Places),
    /// Milliseconds since 1970.
    At(i64),
}

/// What a consumer has read; it ends when this is dropped.
pub(super) type Feed = mpsc::Receiver<Fed>;

/// What comes out of a consumer.
pub(super) enum Fed {
    /// The offset of a message in a partition.
    Message(i32, i64, Box<ReceivedMessage>),
    /// Everything that was in a partition has been read.
    End(i32),
    /// A partition was added to the topic.
    Added(i32),
    /// No broker answers.
    Away(String),
    /// They do again.
    Back,
    /// Something that was to be read is not there any more. It is the last.
    Gone(String),
    /// It cannot go on. It is the last.
    Broken(SourceError),
}

/// Opens a consumer.
pub(super) async fn open(
    source: KafkaSource,
    beginning: Beginning,
) -> Result<(Feed, BTreeMap<i32, Partition>), SourceError> {
    let (to, feed) = mpsc::channel(AHEAD);
    let (started, opened) = oneshot::channel();
    let shown = source.clone();
    // Without a thread the other side of the channel is gone.
    let _ = spawn(move || match Reading::open(source, &beginning) {
        Ok((reading, partitions)) => {
            if started.send(Ok(partitions)).is_ok() {
                reading.run(&to);
            }
        }
        Err(error) => drop(started.send(Err(error))),
    });
    match opened.await {
        Ok(partitions) => Ok((feed, partitions?)),
        Err(_) => Err(shown.unavailable("there is no thread to read it".to_owned(), None)),
    }
}

struct Reading {
    asked: Asked,
    next: Places,
    /// When the brokers that are away were asked last.
    away: Option<Instant>,
    looked: Instant,
}

impl Reading {
    fn open(
        source: KafkaSource,
        beginning: &Beginning,
    ) -> Result<(Self, BTreeMap<i32, Partition>), SourceError> {
        let asked = Asked::open(source)?;
        let partitions = asked.begin(beginning)?;
        let next = partitions.iter();
        let next: Places = next.map(|(number, it)| (*number, it.next)).collect();
        asked.assign(&next)?;
        let reading = Self {
            asked,
            next,
            away: None,
            looked: Instant::now(),
        };
        Ok((reading, partitions))
    }

    fn run(mut self, to: &mpsc::Sender<Fed>) {
        while !to.is_closed() {
            let news = match self.asked.consumer.poll(BREATH) {
                None => None,
                Some(Ok(message)) => {
                    let (partition, offset) = (message.partition(), message.offset());
                    let fed = Fed::Message(partition, offset, Box::new(received(&message)));
                    self.next.insert(partition, offset + 1);
                    Some(fed)
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => Some(Fed::End(partition)),
                Some(Err(error)) => self.hear(error),
            };
            let news = news.into_iter().chain(self.look());
            for fed in news {
                let is_last = matches!(fed, Fed::Gone(_) | Fed::Broken(_));
                if to.blocking_send(fed).is_err() || is_last {
                    return;
                }
            }
        }
    }

    /// What an error means for a reader; most are about what the client tries again.
    fn hear(&mut self, error: KafkaError) -> Option<Fed> {
        use RDKafkaErrorCode as Code;
        let code = error.rdkafka_error_code()?;
        let reason = match code {
            Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::LogTruncation => {
                return Some(Fed::Gone(self.gone()));
            }
            // librdkafka would read on behind it, or read it again for ever.
            Code::BadMessage
            | Code::BadCompression
            | Code::InvalidMessage
            | Code::MessageSizeTooLarge
            | Code::NotImplemented => {
                let source = &self.asked.source;
                let reason = "this client cannot read what comes next: it may be damaged, larger \
                              than `receive.message.max.bytes`, or compressed otherwise than with \
                              lz4 or snappy";
                return Some(Fed::Broken(
                    source.refused(reason.to_owned(), Some(error.into())),
                ));
            }
            Code::AllBrokersDown => {
                let reason = format!("no broker answers{}", self.asked.events.said());
                let is_known = self.away.replace(Instant::now()).is_some();
                return (!is_known).then_some(Fed::Away(reason));
            }
            // What is wrong with the topic, those say who open it again.
            Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => {
                "the topic, or a part of it, is not there at the moment"
            }
            Code::TopicAuthorizationFailed => "this user may not read it any more",
            Code::Fatal => "the client does not go on",
            _ => return None,
        };
        let unavailable = self
            .asked
            .source
            .unavailable(reason.to_owned(), Some(error.into()));
        Some(Fed::Broken(unavailable))
    }

    /// What is missing.
    fn gone(&self) -> String {
        let timeout = self.asked.source.options.timeout;
        let mut reasons = self.next.iter().filter_map(|(number, next)| {
            let range = self.asked.range(*number, timeout).ok()?;
            missing(*number, *next, range)
        });
        let reason = reasons.next();
        reason.unwrap_or_else(|| "the brokers do not have what comes next".to_owned())
    }

    /// Looks after brokers that were away, and partitions that were added.
    fn look(&mut self) -> Vec<Fed> {
        if let Some(asked) = self.away {
            if asked.elapsed() < PROBE {
                return Vec::new();
            }
            self.away = Some(Instant::now());
            let number = self.next.keys().next().copied().unwrap_or(0);
            if self.asked.range(number, PROBE).is_err() {
                return Vec::new();
            }
            self.away = None;
            return vec![Fed::Back];
        }
        if self.looked.elapsed() < LOOK {
            return Vec::new();
        }
        self.looked = Instant::now();
        self.added()
    }

    fn added(&mut self) -> Vec<Fed> {
        let (options, topic) = (&self.asked.source.options, &self.asked.source.topic);
        let client = self.asked.consumer.client();
        let Ok(Some(count)) = topics::partitions(client, options, topic) else {
            return Vec::new();
        };
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let known = i32::try_from(self.next.len()).unwrap_or(i32::MAX);
        let added: Vec<i32> = (known..count).collect();
        if added.is_empty() {
            return Vec::new();
        }
        self.next.extend(added.iter().map(|number| (*number, 0)));
        // What the client has read ahead of this is read again.
        if let Err(error) = self.asked.assign(&self.next) {
            return vec![Fed::Broken(error)];
        }
        added.into_iter().map(Fed::Added).collect()
    }
}

fn received(message: &BorrowedMessage<'_>) -> ReceivedMessage {
    let event = envelope::event(message);
    let place = format!(
        "topic {}, partition {}, offset {}",
        message.topic(),
        message.partition(),
        message.offset()
    );
    // Brokers before 0.10 keep no times.
    let sent_at = message.timestamp().to_millis();
    let sent_at = sent_at.and_then(DateTime::from_timestamp_millis);
    let recorded_at = event.as_ref().map(|event| event.recorded_at);
    let sent_at = sent_at.or(recorded_at.ok()).unwrap_or_default();
    ReceivedMessage::new(event, place, sent_at)
}
