//! Messages to streams.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rehydrate::{Message, PublishError, Publisher};
use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep_until};

use super::link::{Link, NotReady, Stream};
use super::options::KinesisOptions;
use super::sequence::Sequence;
use super::trouble::{Kind, Trouble};
use super::window::{Answer, Entry, Request, Window};
use crate::connect::ConnectError;

/// Sends messages to streams, each to the one that is called like its topic; [the module](super)
/// says how, and what holds.
#[derive(Clone)]
pub struct KinesisPublisher {
    link: Link,
    requests: usize,
    patience: Duration,
    /// The streams that were there, or are waited for.
    streams: Arc<Mutex<HashMap<String, Arc<OnceCell<Stream>>>>>,
}

impl KinesisPublisher {
    /// Looks for credentials. Streams are looked for, and made if that was said, when something is
    /// sent to them.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: KinesisOptions) -> Result<Self, ConnectError> {
        Ok(Self {
            link: Link::open(&options).await?,
            requests: options.requests,
            patience: options.patience,
            streams: Arc::default(),
        })
    }

    async fn send(&self, request: Request) -> Vec<(Entry, Answer)> {
        let Request { topic, entries } = request;
        let stream = match self.stream(&topic).await {
            Ok(stream) => stream,
            Err(not_ready) => {
                let answer = |entry| (entry, self.not_ready(&topic, &not_ready));
                return entries.into_iter().map(answer).collect();
            }
        };
        let mut answers = Vec::with_capacity(entries.len());
        let mut sent = Vec::with_capacity(entries.len());
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            match record(&entry, stream.largest) {
                Ok(record) => {
                    records.push(record);
                    sent.push(entry);
                }
                Err(error) => answers.push((entry, Answer::Final(error))),
            }
        }
        if !answers.is_empty() {
            // Somebody may raise what the stream takes before they are sent again.
            self.streams().remove(&topic);
        }
        if records.is_empty() {
            return answers;
        }
        let put = self.link.client.put_records().stream_name(&topic);
        match put.set_records(Some(records)).send().await {
            Ok(answer) if answer.records().len() == sent.len() => {
                let results = answer
                    .records()
                    .iter()
                    .map(|result| answered(&topic, result));
                answers.extend(sent.into_iter().zip(results));
            }
            Ok(_) => {
                let trouble = Trouble::new(Kind::Away, "it answers for other records");
                let answer = |entry| (entry, failed(&trouble));
                answers.extend(sent.into_iter().map(answer));
            }
            Err(error) => {
                let trouble = Trouble::of(error);
                if trouble.kind == Kind::Missing {
                    // The next look at it says whether it is gone, or only not there yet.
                    self.streams().remove(&topic);
                }
                let answer = |entry| (entry, failed(&trouble));
                answers.extend(sent.into_iter().map(answer));
            }
        }
        answers
    }

    /// A stream that can be used. Whoever wants the same one waits for the one who asks; other
    /// streams do not.
    async fn stream(&self, topic: &str) -> Result<Stream, NotReady> {
        let stream = Arc::clone(self.streams().entry(topic.to_owned()).or_default());
        let ready = || self.link.ready(topic);
        stream.get_or_try_init(ready).await.copied()
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<String, Arc<OnceCell<Stream>>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_ready(&self, topic: &str, not_ready: &NotReady) -> Answer {
        match not_ready {
            NotReady::Missing => Answer::Final(PublishError::Rejected {
                reason: self.link.missing(topic),
                source: None,
            }),
            NotReady::Slow(status) => Answer::Final(PublishError::Unavailable {
                reason: format!("the stream {topic} cannot be used yet: it is {status}"),
                source: None,
            }),
            NotReady::Trouble(action, trouble) => troubled(action, trouble),
        }
    }
}

#[async_trait]
impl Publisher for KinesisPublisher {
    fn destination(&self) -> String {
        self.link.destination.clone()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut window = Window::new(batch, self.patience);
        let mut sending = FuturesUnordered::new();
        loop {
            while let Some(beside) = (self.requests - 1).checked_sub(sending.len())
                && let Some(request) = window.request(Instant::now(), beside)
            {
                sending.push(self.send(request));
            }
            let due = window.due();
            let later = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(answers) = sending.next() => window.take(answers, Instant::now()),
                () = later, if due.is_some() && sending.len() < self.requests => {}
                else => return window.outcomes(),
            }
        }
    }
}

impl fmt::Debug for KinesisPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KinesisPublisher")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

fn record(entry: &Entry, largest: usize) -> Result<PutRecordsRequestEntry, PublishError> {
    let size = entry.record.size();
    if size > largest {
        return Err(PublishError::Rejected {
            reason: format!(
                "it has {size} bytes with its key, and {largest} are the most: raise the stream's \
                 maximum record size with `aws kinesis update-max-record-size` (and `largest`, if \
                 it is given)"
            ),
            source: None,
        });
    }
    let record = PutRecordsRequestEntry::builder()
        .partition_key(&entry.record.partition_key)
        .data(entry.record.data.clone())
        .build();
    record.map_err(|error| PublishError::Rejected {
        reason: "it cannot be a record".to_owned(),
        source: Some(error.into()),
    })
}

/// What has come of one record of a request that was taken.
fn answered(topic: &str, result: &PutRecordsResultEntry) -> Answer {
    let Some(code) = result.error_code() else {
        let shard = result.shard_id().unwrap_or_default().to_owned();
        let sequence = result.sequence_number().and_then(Sequence::parse);
        return Answer::Stored(shard, sequence);
    };
    let reason = match code {
        "ProvisionedThroughputExceededException" => format!(
            "its shard of {topic} has had more than it takes for too long: give the stream more \
             shards"
        ),
        code => format!("{topic} has answered {code} for too long"),
    };
    let said = result.error_message().unwrap_or(code);
    Answer::Again(PublishError::Failed {
        reason,
        source: Some(said.to_owned().into()),
    })
}

/// What has come of each record of a request that failed.
fn failed(trouble: &Trouble) -> Answer {
    let source = Some(trouble.source());
    let reason = trouble.reason("PutRecords");
    match trouble.kind {
        Kind::Invalid => Answer::Alone(PublishError::Rejected { reason, source }),
        _ => troubled("PutRecords", trouble),
    }
}

fn troubled(action: &str, trouble: &Trouble) -> Answer {
    let source = Some(trouble.source());
    let reason = trouble.reason(action);
    match trouble.kind {
        Kind::Away => Answer::Away(PublishError::Unavailable { reason, source }),
        // Credentials concern everything: it waits for better ones, and nothing is a dead letter.
        Kind::Login => Answer::Final(PublishError::Unavailable { reason, source }),
        Kind::Throttled | Kind::Missing | Kind::InUse | Kind::ExpiredIterator => {
            Answer::Again(PublishError::Unavailable { reason, source })
        }
        Kind::Denied | Kind::Key | Kind::Invalid | Kind::Refused => {
            Answer::Final(PublishError::Failed { reason, source })
        }
    }
}
