//! A topic of a stream, as it is read.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::stream::ConsumerErrorKind;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use rehydrate::{Offset, Reader, Received, ReceivedMessage, Source, SourceError};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::envelope;
use super::link::LinkState;
use super::source::NatsSource;

/// How many messages are asked for at once.
const AT_ONCE: usize = 500;
/// How long the server waits for messages before it is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// A consumer that is silent for so long, though there is something, has lost its place: a purge
/// does that to those of nats-server 2.9.
const SILENCE: Duration = Duration::from_secs(5);
/// How often a consumer is made anew within one call.
const TRIES: usize = 3;

/// Where the next message is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    After(u64),
    At(DateTime<Utc>),
}

/// Reads with an ephemeral consumer, which is nothing but a cache: what counts is the place. When
/// the consumer is gone, or has skipped something, another one is made for the place.
pub(super) struct NatsReader {
    source: NatsSource,
    /// Behind what is in `buffer`.
    place: Place,
    /// What is older is passed over: a time that is still to come is a place to the server, too.
    not_before: Option<DateTime<Utc>>,
    /// Everything up to here was handed over, or passes no filter.
    read_to: u64,
    /// The last one that was there when the reader was opened.
    end: u64,
    /// Up to here the stream was known when the reader was opened; after `end` nothing is ours.
    known_to: u64,
    buffer: VecDeque<(u64, ReceivedMessage)>,
    /// Somewhere after this one, sequences are missing.
    hole_after: Option<u64>,
    feed: Option<Feed>,
    state: watch::Receiver<LinkState>,
}

/// A consumer of ours.
struct Feed {
    consumer: Consumer<Config>,
    batch: Option<Batch>,
    /// How many messages it has delivered.
    delivered: u64,
    /// Whether more of them are on their way.
    has_more: bool,
    /// How often connections had been lost when it was made.
    losses: u64,
    /// Since when nothing has come.
    silent_since: Instant,
}

/// What comes out of a feed.
enum Fed {
    Message(Box<Message>),
    Nothing,
    /// It cannot be used any more.
    Broken(rehydrate::BoxError),
}

impl NatsReader {
    pub(super) async fn open(
        source: NatsSource,
        place: Place,
        end: u64,
        known_to: u64,
    ) -> Result<Self, SourceError> {
        let state = source.link.state();
        let mut reader = Self {
            source,
            place,
            not_before: match place {
                Place::At(time) => Some(time),
                Place::After(_) => None,
            },
            read_to: 0,
            end,
            known_to,
            buffer: VecDeque::new(),
            hole_after: None,
            feed: None,
            state,
        };
        let feed = reader.feed().await?;
        // Where the server begins; for a time, it alone knows.
        reader.read_to = match place {
            Place::After(after) => after,
            Place::At(_) => feed.consumer.cached_info().delivered.stream_sequence,
        };
        reader.feed = Some(feed);
        Ok(reader)
    }

    async fn feed(&self) -> Result<Feed, SourceError> {
        let losses = self.state.borrow().losses;
        let deliver_policy = match self.place {
            Place::After(after) => DeliverPolicy::ByStartSequence {
                start_sequence: after + 1,
            },
            Place::At(start_time) => DeliverPolicy::ByStartTime { start_time },
        };
        let config = Config {
            deliver_policy,
            ack_policy: AckPolicy::None,
            filter_subject: self.source.filter.clone(),
            inactive_threshold: PATIENCE * 3,
            num_replicas: 1,
            memory_storage: true,
            description: Some("a reader of rehydrate".to_owned()),
            ..Config::default()
        };
        let link = &self.source.link;
        let made = link
            .jetstream
            .create_consumer_on_stream(config, &*link.stream);
        let consumer = made.await.map_err(|error| match error.kind() {
            ConsumerErrorKind::JetStream(_) => SourceError::Refused {
                origin: self.source.origin(),
                reason: "it gives us no consumer: may this user have one, and does the stream \
                         keep what was read (retention by limits)?"
                    .to_owned(),
                source: Some(error.into()),
            },
            _ => self
                .source
                .unavailable("it gives us no consumer", Some(error.into())),
        })?;
        Ok(Feed {
            consumer,
            batch: None,
            delivered: 0,
            has_more: false,
            losses,
            silent_since: Instant::now(),
        })
    }

    /// Fills the buffer: waits for the first message, and takes what comes with it.
    async fn fill(&mut self, limit: usize, deadline: Instant) -> Result<(), SourceError> {
        let mut tries = 0;
        while self.buffer.len() < limit {
            if self.state.borrow().is_lost {
                let mut state = self.state.clone();
                let back = timeout_at(deadline, state.wait_for(|state| !state.is_lost)).await;
                if !matches!(back, Ok(Ok(_))) {
                    return self.without_connection();
                }
            }
            let losses = self.state.borrow().losses;
            self.feed.take_if(|feed| feed.losses != losses);
            if self.feed.is_none() {
                if let Place::After(after) = self.place
                    && after > 0
                {
                    self.source.check_kept(&self.source.state().await?, after)?;
                }
                self.feed = Some(self.feed().await?);
            }
            let Some(feed) = self.feed.as_mut() else {
                return Ok(());
            };
            let waits = self.buffer.is_empty() || feed.has_more;
            let until = if waits { deadline } else { Instant::now() };
            let fed = tokio::select! {
                biased;
                fed = feed.next(until) => fed,
                _ = self.state.wait_for(|state| state.losses != losses) => continue,
            };
            match fed {
                Fed::Nothing => return Ok(()),
                Fed::Message(message) => match self.keep(&message) {
                    Ok(()) => tries = 0,
                    // It has skipped some, which another one delivers.
                    Err(()) => self.feed = None,
                },
                Fed::Broken(error) => {
                    self.feed = None;
                    tries += 1;
                    if tries > TRIES {
                        return Err(self.source.unavailable("it cannot be read", Some(error)));
                    }
                }
            }
        }
        Ok(())
    }

    fn without_connection(&self) -> Result<(), SourceError> {
        if !self.buffer.is_empty() {
            return Ok(());
        }
        Err(self.source.unavailable("the connection is lost", None))
    }

    /// Takes a message over; not, if one is missing before it.
    fn keep(&mut self, message: &Message) -> Result<(), ()> {
        let info = message.info().map_err(drop)?;
        let Some(feed) = self.feed.as_mut() else {
            return Err(());
        };
        if info.consumer_sequence != feed.delivered + 1 {
            return Err(());
        }
        feed.delivered += 1;
        feed.silent_since = Instant::now();
        feed.has_more = info.pending > 0;
        let sequence = info.stream_sequence;
        match self.place {
            // What has begun is continued without a hole, but where nothing was, none can be.
            Place::After(after) if after > 0 && sequence > after + 1 => {
                self.hole_after.get_or_insert(after);
            }
            Place::After(_) | Place::At(_) => {}
        }
        self.place = Place::After(sequence);
        let sent_at = info.published;
        if self.not_before.is_some_and(|time| sent_at < time) {
            return Ok(());
        }
        let event = envelope::event(message.headers.as_ref(), &message.payload);
        let place = format!(
            "stream {}, sequence {sequence}, subject {}",
            info.stream, message.subject
        );
        let message = ReceivedMessage::new(event, place, sent_at);
        self.buffer.push_back((sequence, message));
        Ok(())
    }

    /// That what is missing between the messages was other topics', or deleted one by one.
    async fn check_hole(&mut self) -> Result<(), SourceError> {
        if let Some(after) = self.hole_after {
            self.source.check_kept(&self.source.state().await?, after)?;
            self.hole_after = None;
        }
        Ok(())
    }

    /// Nothing has come: looks whether what was to come has been deleted.
    async fn check_end(&mut self) -> Result<(), SourceError> {
        let last = self.source.last().await?;
        if last <= self.read_to {
            self.end = self.end.min(self.read_to);
            if let Some(feed) = &mut self.feed {
                feed.silent_since = Instant::now();
            }
        } else {
            self.feed
                .take_if(|feed| feed.silent_since.elapsed() >= SILENCE);
        }
        Ok(())
    }
}

#[async_trait]
impl Reader for NatsReader {
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError> {
        // What is awaited leaves its results in `self`, so that it can be dropped at any time; and
        // nothing leaves `self` before the last wait is over.
        if self.buffer.len() < limit {
            self.fill(limit, Instant::now() + wait).await?;
        }
        self.check_hole().await?;
        let feed = self.feed.as_ref();
        let is_silent = feed.is_some_and(|feed| feed.silent_since.elapsed() >= SILENCE);
        if self.buffer.is_empty() && (self.read_to < self.end || is_silent) {
            self.check_end().await?;
        }
        let count = limit.min(self.buffer.len());
        let mut messages = Vec::with_capacity(count);
        for (sequence, message) in self.buffer.drain(..count) {
            self.read_to = sequence;
            messages.push(message);
        }
        let is_at_end = self.read_to >= self.end;
        if is_at_end {
            self.read_to = self.read_to.max(self.known_to);
        }
        let offset = Offset(self.read_to.to_string());
        Ok(Received::new(messages, offset, is_at_end))
    }
}

impl Feed {
    async fn next(&mut self, until: Instant) -> Fed {
        loop {
            let batch = match &mut self.batch {
                Some(batch) => batch,
                None => {
                    let request = self.consumer.batch();
                    let request = request.max_messages(AT_ONCE).expires(PATIENCE);
                    match request.messages().await {
                        Ok(batch) => self.batch.insert(batch),
                        Err(error) => return Fed::Broken(error.into()),
                    }
                }
            };
            match timeout_at(until, batch.next()).await {
                Err(_) => return Fed::Nothing,
                Ok(Some(Ok(message))) => return Fed::Message(Box::new(message)),
                Ok(Some(Err(error))) => return Fed::Broken(error),
                Ok(None) => {
                    self.batch = None;
                    self.has_more = false;
                    if Instant::now() >= until {
                        return Fed::Nothing;
                    }
                }
            }
        }
    }
}
