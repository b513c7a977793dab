//! A producer, and messages on their way through it.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rdkafka::client::Client;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer as _, PurgeConfig, ThreadedProducer};
use rehydrate::{Message, PublishError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::events::{Delivery, Events, Report};
use super::failure::{self, Meaning};
use super::gathering::{Gathering, Traffic};
use super::options::KafkaOptions;
use super::outcomes::Outcomes;
use super::thread::{drop_elsewhere, elsewhere};
use super::{config, envelope};
use crate::connect::ConnectError;

/// How long librdkafka may take to say of everything that it has been given up.
const GRACE: Duration = Duration::from_secs(2);

/// How messages of one key follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// At once, as far as they are in one request.
    Together,
    /// The next one when the one before it is confirmed.
    OneByOne,
}

/// A producer, which is thrown away when something has failed in it.
pub(super) struct Lane {
    producer: Option<ThreadedProducer<Events>>,
    pub(super) events: Events,
    traffic: Traffic,
    pace: Pace,
    timeout: Duration,
    is_structured: bool,
}

impl Lane {
    /// As fast as the order of each key allows.
    pub(super) async fn fast(options: &KafkaOptions) -> Result<Self, ConnectError> {
        let pace = match options.is_idempotent {
            true => Pace::Together,
            false => Pace::OneByOne,
        };
        Self::open(options, config::producer(options)?, pace).await
    }

    /// Each message in a request of its own, so that a refusal is that of one message.
    pub(super) async fn careful(options: &KafkaOptions) -> Result<Self, ConnectError> {
        Self::open(options, config::careful_producer(options)?, Pace::OneByOne).await
    }

    async fn open(
        options: &KafkaOptions,
        config: rdkafka::ClientConfig,
        pace: Pace,
    ) -> Result<Self, ConnectError> {
        let events = Events::default();
        let heard = events.clone();
        let made = elsewhere(move || config.create_with_context(heard)).await;
        let producer = made
            .unwrap_or(Err(KafkaError::Canceled))
            .map_err(|error| config::refused(options, &error))?;
        Ok(Self {
            producer: Some(producer),
            events,
            traffic: Traffic::new(options),
            pace,
            timeout: options.timeout,
            is_structured: options.is_structured,
        })
    }

    pub(super) fn client(&self) -> Option<&Client<Events>> {
        self.producer.as_ref().map(|producer| producer.client())
    }

    /// Gives up what is there, whoever has sent it: nothing may follow it.
    fn purge(&self, what: PurgeConfig) {
        let mut is_closed = self.traffic.is_closed();
        if let Some(producer) = &self.producer {
            producer.purge(what.non_blocking());
        }
        *is_closed = true;
    }

    /// Sends what has no outcome yet.
    pub(super) async fn send<'a>(&self, outcomes: &mut Outcomes<'a>) -> Sent {
        let (to, mut reports) = mpsc::unbounded_channel();
        let mut run = Run {
            lane: self,
            batch: outcomes.batch(),
            todo: outcomes.open().into(),
            outcomes,
            keys: HashMap::new(),
            gathering: None,
            stalled: VecDeque::new(),
            to,
            unconfirmed: 0,
            is_over: false,
            sent: Sent::default(),
        };
        let mut is_dead = self.events.is_dead();
        let mut deadline = Instant::now() + self.timeout;
        run.pump(&mut reports);
        while run.is_waiting() {
            tokio::select! {
                biased;
                Some(delivery) = reports.recv() => {
                    deadline = Instant::now() + self.timeout;
                    run.hear(delivery);
                }
                Ok(_) = is_dead.wait_for(|it| *it), if !run.is_over => {
                    run.is_over = true;
                    self.purge(PurgeConfig::default().queue());
                }
                () = sleep_until(deadline) => {
                    if std::mem::replace(&mut run.sent.is_given_up, true) {
                        break;
                    }
                    run.is_over = true;
                    deadline = Instant::now() + GRACE;
                    self.purge(PurgeConfig::default().queue().inflight());
                }
            }
            run.pump(&mut reports);
        }
        run.finish()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            drop_elsewhere(producer);
        }
    }
}

/// What has come of sending, beside the outcomes.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The first failure of each key that had one, by the number of the message.
    pub(super) failures: Vec<(usize, KafkaError)>,
    /// Whether the client itself has refused something but for its size.
    pub(super) is_stale: bool,
    is_given_up: bool,
}

impl Sent {
    /// Whether a broker has refused something.
    pub(super) fn has_refusal(&self) -> bool {
        let mut errors = self.failures.iter().map(|(_, error)| error);
        errors.any(|error| failure::meaning(error) != Meaning::Away)
    }

    /// Whether the producer is not to be used any more.
    pub(super) fn is_spent(&self) -> bool {
        self.is_stale || self.is_given_up || !self.failures.is_empty()
    }
}

/// Messages on their way.
struct Run<'r, 'a> {
    lane: &'r Lane,
    batch: &'a [Message],
    outcomes: &'r mut Outcomes<'a>,
    todo: VecDeque<usize>,
    keys: HashMap<&'a str, Key<'a>>,
    gathering: Option<Gathering>,
    /// Keys whose next message may be sent.
    stalled: VecDeque<&'a str>,
    to: mpsc::UnboundedSender<Delivery>,
    unconfirmed: usize,
    is_over: bool,
    sent: Sent,
}

/// What is on its way of a key, and what is not.
#[derive(Default)]
struct Key<'a> {
    waiting: VecDeque<usize>,
    unconfirmed: usize,
    topic: &'a str,
    has_failed: bool,
    /// The first message that has failed on its way.
    failure: Option<(usize, KafkaError)>,
    /// What the client has refused, behind others that are on their way.
    refused: Option<(usize, PublishError)>,
}

/// Whether there is room for another message.
#[derive(PartialEq, Eq)]
enum Room {
    Some,
    /// Not behind those of its key that are on their way.
    Later,
    /// Not in the client.
    None,
}

impl<'a> Run<'_, 'a> {
    fn is_waiting(&self) -> bool {
        let has_more = !self.todo.is_empty() || !self.stalled.is_empty();
        self.unconfirmed > 0 || (has_more && !self.is_over)
    }

    /// Hands over what may be sent now.
    fn pump(&mut self, reports: &mut mpsc::UnboundedReceiver<Delivery>) {
        while !self.is_over {
            let Some(key) = self.next_stalled().or_else(|| self.next_key()) else {
                return;
            };
            if self.release(key) == Room::None {
                self.stalled.push_front(key);
                return;
            }
            // A failure is to stop the later ones of its key that are not handed over yet.
            while let Ok(delivery) = reports.try_recv() {
                self.hear(delivery);
            }
        }
    }

    /// Those that wait go on together: what is handed over when nothing is on its way, leaves with
    /// others of its key.
    fn next_stalled(&mut self) -> Option<&'a str> {
        let may_go_on = self.lane.pace == Pace::OneByOne || self.unconfirmed == 0;
        may_go_on.then(|| self.stalled.pop_front()).flatten()
    }

    /// The key of the next message that nobody has looked at.
    fn next_key(&mut self) -> Option<&'a str> {
        let number = self.todo.pop_front()?;
        let key = self.batch.get(number)?.key.as_str();
        self.keys.entry(key).or_default().waiting.push_back(number);
        Some(key)
    }

    /// Hands over what may be sent of a key.
    fn release(&mut self, name: &'a str) -> Room {
        loop {
            let Some(key) = self.keys.get(name).filter(|key| !key.has_failed) else {
                return Room::Some;
            };
            let Some((&number, message)) = key
                .waiting
                .front()
                .and_then(|number| Some((number, self.batch.get(*number)?)))
            else {
                return Room::Some;
            };
            // Another topic may be another broker, which knows nothing of a failure at the first.
            let is_behind = key.unconfirmed > 0;
            let may_follow = self.lane.pace == Pace::Together && key.topic == message.topic;
            if is_behind && !may_follow {
                return Room::Some;
            }
            let handed_over = match self.hand_over(number, message, is_behind) {
                Ok(Room::Later) => return Room::Some,
                Ok(Room::None) => return Room::None,
                handed_over => handed_over,
            };
            if let Some(key) = self.keys.get_mut(name) {
                key.waiting.pop_front();
                key.topic = &message.topic;
                match handed_over {
                    Ok(_) => {
                        key.unconfirmed += 1;
                        self.unconfirmed += 1;
                    }
                    Err(error) => {
                        key.has_failed = true;
                        key.refused = Some((number, error));
                        self.settle(name);
                    }
                }
            }
        }
    }

    fn hand_over(
        &mut self,
        number: usize,
        message: &Message,
        is_behind: bool,
    ) -> Result<Room, PublishError> {
        let (traffic, topic) = (&self.lane.traffic, &*message.topic);
        let (data, headers) = envelope::content(message, self.lane.is_structured)?;
        let size = envelope::size(message, &data, headers.as_ref());
        let gathering = self.gathering.as_ref();
        if is_behind && !gathering.is_some_and(|it| it.has_room(traffic, topic, size)) {
            return Ok(Room::Later);
        }
        if let Some(gathering) = Gathering::begin(traffic) {
            self.gathering = Some(gathering);
        }
        let report = Report {
            number,
            to: self.to.clone(),
            on_the_way: traffic.join(),
        };
        let mut record = BaseRecord::with_opaque_to(&message.topic, Box::new(report))
            .key(message.key.as_str())
            .payload(data.as_str());
        if let Some(headers) = headers {
            record = record.headers(headers);
        }
        let is_closed = traffic.is_closed();
        let Some(producer) = self.lane.producer.as_ref().filter(|_| !*is_closed) else {
            self.is_over = true;
            return Ok(Room::None);
        };
        let sent = producer.send(record);
        drop(is_closed);
        let Err((error, _)) = sent else {
            if let Some(gathering) = &mut self.gathering {
                gathering.count(size);
            }
            return Ok(Room::Some);
        };
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => return Ok(Room::None),
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => {}
            _ => self.sent.is_stale = true,
        }
        let said = self.lane.events.said();
        Err(failure::of(error, &message.topic, &said))
    }

    /// Says that the client has refused a message, if what comes before it is confirmed.
    fn settle(&mut self, name: &'a str) {
        let key = self.keys.get_mut(name).filter(|key| key.unconfirmed == 0);
        if let Some((number, error)) = key.and_then(|key| key.refused.take()) {
            self.outcomes.fail(number, error);
        }
    }

    /// What became of a message.
    fn hear(&mut self, delivery: Delivery) {
        let Delivery {
            number,
            result,
            on_the_way,
        } = delivery;
        drop(on_the_way);
        self.unconfirmed = self.unconfirmed.saturating_sub(1);
        let Some(name) = self.batch.get(number).map(|message| message.key.as_str()) else {
            return;
        };
        let key = self.keys.entry(name).or_default();
        key.unconfirmed = key.unconfirmed.saturating_sub(1);
        // What is given up in the queue is heard of before what is on its way in front of it.
        let is_before = key.failure.as_ref().is_none_or(|(it, _)| number < *it);
        match result {
            Ok(()) if is_before => {
                self.lane.traffic.warm(key.topic);
                self.outcomes.confirm(number);
            }
            Ok(()) => tracing::warn!(
                key = name,
                "the broker has taken a message behind one that it has not: it is sent again"
            ),
            Err(error) if is_before => {
                key.has_failed = true;
                key.refused = None;
                key.failure = Some((number, error));
            }
            Err(_) => {}
        }
        self.settle(name);
        let key = self.keys.entry(name).or_default();
        if key.unconfirmed == 0 && !key.waiting.is_empty() && !key.has_failed {
            self.stalled.push_back(name);
        }
    }

    /// What was not handed over, or was given up without a word, has failed, too.
    fn finish(mut self) -> Sent {
        for number in self.outcomes.open() {
            let name = self.batch.get(number).map_or("", |message| &message.key);
            let key = self.keys.entry(name).or_default();
            if key.failure.as_ref().is_none_or(|(it, _)| number < *it) {
                let error = KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue);
                key.failure = Some((number, error));
            }
        }
        let failures = self.keys.into_values().filter_map(|key| key.failure);
        self.sent.failures = failures.collect();
        self.sent
    }
}
