//! Messages to topics.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rdkafka::error::KafkaError;
use rehydrate::{Message, PublishError, Publisher};
use tokio::time::Instant;

use super::failure;
use super::lane::Lane;
use super::options::KafkaOptions;
use super::outcomes::Outcomes;
use super::thread::elsewhere;
use super::topics::{self, NoTopic};
use crate::connect::ConnectError;

/// Sends messages to topics; [the module](super) says how, and what holds.
#[derive(Clone)]
pub struct KafkaPublisher(Arc<Inner>);

struct Inner {
    options: KafkaOptions,
    /// The producer in use: another one takes its place when something has failed.
    lane: tokio::sync::Mutex<Option<Arc<Lane>>>,
    /// Topics that are there.
    known: Mutex<HashSet<String>>,
}

impl KafkaPublisher {
    /// Connects.
    ///
    /// # Errors
    /// [`ConnectError::Unavailable`]: try again; the others want a person.
    pub async fn connect(options: KafkaOptions) -> Result<Self, ConnectError> {
        let lane = Arc::new(Lane::fast(&options).await?);
        let (asked, asking) = (Arc::clone(&lane), options.clone());
        let canceled = || NoTopic::Away(KafkaError::Canceled);
        let answer = elsewhere(move || {
            let client = asked.client().ok_or_else(canceled)?;
            topics::all(client, &asking, None, asking.timeout).map(drop)
        });
        if let Err(error) = answer.await.unwrap_or_else(|| Err(canceled())) {
            return Err(error.into_connect_error(&options, "", &lane.events));
        }
        Ok(Self(Arc::new(Inner {
            options,
            lane: tokio::sync::Mutex::new(Some(lane)),
            known: Mutex::default(),
        })))
    }
}

impl Inner {
    async fn lane(&self) -> Result<Arc<Lane>, ConnectError> {
        let mut current = self.lane.lock().await;
        if let Some(lane) = &*current {
            return Ok(Arc::clone(lane));
        }
        let lane = Arc::new(Lane::fast(&self.options).await?);
        *current = Some(Arc::clone(&lane));
        Ok(lane)
    }

    /// The next one who sends gets another producer.
    async fn discard(&self, lane: &Arc<Lane>) {
        let mut current = self.lane.lock().await;
        current.take_if(|current| Arc::ptr_eq(current, lane));
    }

    async fn send(&self, outcomes: &mut Outcomes<'_>) {
        let lane = match self.lane().await {
            Ok(lane) => lane,
            Err(error) => return outcomes.fail_open(|| unavailable(&error.to_string())),
        };
        self.check_topics(&lane, outcomes).await;
        let sent = lane.send(outcomes).await;
        if sent.is_spent() {
            self.discard(&lane).await;
            self.forget_topics(outcomes.batch());
        }
        if !sent.has_refusal() {
            return fail(outcomes, sent.failures, &lane);
        }
        // A broker refuses all of a request, though it may be about one message of it.
        let careful = match Lane::careful(&self.options).await {
            Ok(careful) => careful,
            Err(error) => return outcomes.fail_open(|| unavailable(&error.to_string())),
        };
        let sent = careful.send(outcomes).await;
        fail(outcomes, sent.failures, &careful);
    }

    /// That the topics are there, or made; what goes to others fails.
    async fn check_topics(&self, lane: &Arc<Lane>, outcomes: &mut Outcomes<'_>) {
        let batch = outcomes.batch();
        let topics: HashSet<&str> = batch.iter().map(|message| &*message.topic).collect();
        for topic in topics {
            if self.known().contains(topic) {
                continue;
            }
            let Err(no_topic) = self.find(lane, topic).await else {
                self.known().insert(topic.to_owned());
                continue;
            };
            if let NoTopic::Away(error) = no_topic {
                let said = lane.events.said();
                return outcomes.fail_open(|| PublishError::Unavailable {
                    reason: format!("no broker says whether it has {topic}{said}"),
                    source: Some(error.clone().into()),
                });
            }
            for number in outcomes.open() {
                if batch.get(number).is_some_and(|it| it.topic == topic) {
                    outcomes.fail(number, refused(&no_topic, topic));
                }
            }
        }
    }

    async fn find(&self, lane: &Arc<Lane>, topic: &str) -> Result<(), NoTopic> {
        if self.look_up(lane, topic).await?.is_some() {
            return Ok(());
        }
        topics::make(&self.options, topic).await?;
        // Brokers hear of it one after the other.
        let deadline = Instant::now() + self.options.timeout;
        while self.look_up(lane, topic).await?.is_none() && Instant::now() < deadline {
            tokio::time::sleep(topics::PAUSE).await;
        }
        Ok(())
    }

    async fn look_up(&self, lane: &Arc<Lane>, topic: &str) -> Result<Option<usize>, NoTopic> {
        let (lane, options, topic) = (Arc::clone(lane), self.options.clone(), topic.to_owned());
        let canceled = || NoTopic::Away(KafkaError::Canceled);
        let found = elsewhere(move || {
            let client = lane.client().ok_or_else(canceled)?;
            topics::partitions(client, &options, &topic)
        });
        found.await.unwrap_or_else(|| Err(canceled()))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget_topics(&self, batch: &[Message]) {
        let mut known = self.known();
        for message in batch {
            known.remove(&message.topic);
        }
    }
}

#[async_trait]
impl Publisher for KafkaPublisher {
    fn destination(&self) -> String {
        self.0.options.destination()
    }

    async fn publish(&self, batch: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut outcomes = Outcomes::new(batch);
        if !batch.is_empty() {
            self.0.send(&mut outcomes).await;
        }
        outcomes.finish()
    }
}

impl fmt::Debug for KafkaPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaPublisher")
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

fn fail(outcomes: &mut Outcomes<'_>, failures: Vec<(usize, KafkaError)>, lane: &Lane) {
    let (batch, said) = (outcomes.batch(), lane.events.said());
    for (number, error) in failures {
        let topic = batch.get(number).map_or("", |message| &message.topic);
        outcomes.fail(number, failure::of(error, topic, &said));
    }
}

fn refused(no_topic: &NoTopic, topic: &str) -> PublishError {
    let reason = no_topic.reason(topic);
    match no_topic {
        NoTopic::Refused(_, error) => PublishError::Failed {
            reason,
            source: Some(error.clone().into()),
        },
        _ => PublishError::Rejected {
            reason,
            source: None,
        },
    }
}

fn unavailable(reason: &str) -> PublishError {
    PublishError::Unavailable {
        reason: reason.to_owned(),
        source: None,
    }
}
