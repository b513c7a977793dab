//! Reading a source into a build.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehydrate_port::{
    Checkpoint, Condition, ConsumerKind, DeliveryQuery, Offset, Position, Role, StoreError,
    StreamId,
};

use super::incoming::Incoming;
use super::intake::{Batch, Intake, Taken};
use super::{Fed, Feed, FeedError, Settings, Unreadable};
use crate::error::whole_text;
use crate::publish::EnvelopeError;
use crate::runner::{consumers, new_build};
use crate::source::{Begin, Reader, Received, ReceivedMessage};

/// Whoever is not the one to take events looks again after this time.
const STANDBY: Duration = Duration::from_millis(250);
/// An offset that has moved over nothing new is written after this time.
const IDLE_WRITE: Duration = Duration::from_millis(500);

/// Reads a source into one build.
pub(super) struct Reading {
    settings: Arc<Settings>,
    intake: Intake,
    reader: Option<Box<dyn Reader>>,
    /// The offset that the build has.
    stored: Option<Offset>,
    /// The offset after what was read last.
    read_to: Option<Offset>,
    position: Position,
    condition: Condition,
    written: Instant,
    settled: Option<Instant>,
    fed: Fed,
}

/// What has come of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Messages were taken, or there were none, and more is to come.
    On { is_empty: bool },
    /// Everything is taken that was there when the source was opened.
    AtEnd { is_empty: bool },
    /// Somebody else takes events.
    StandBy,
    /// Somebody has told the projection to stand still.
    Paused,
    /// The build is gone, has another role, or is of another definition.
    NotOurs,
}

/// The messages of a page, sorted out.
struct Sorted {
    events: Vec<Incoming>,
    foreign: u64,
    unreadable: u64,
    /// What keeps the feed from what comes after these events.
    stop: Option<FeedError>,
}

impl Reading {
    pub(super) fn new(settings: &Arc<Settings>, checkpoint: &Checkpoint) -> Self {
        Self {
            settings: Arc::clone(settings),
            intake: Intake::new(settings, checkpoint),
            reader: None,
            stored: None,
            read_to: None,
            position: checkpoint.position,
            condition: checkpoint.condition.clone(),
            written: Instant::now(),
            settled: None,
            fed: Fed::default(),
        }
    }

    pub(super) fn fed(&self) -> Fed {
        Fed {
            position: self.position,
            ..self.fed
        }
    }

    /// How many streams of the build wait for a dead letter.
    pub(super) async fn parked(&self) -> Result<usize, StoreError> {
        let query = DeliveryQuery {
            consumer: Some(self.intake.id.consumer.clone()),
            build: Some(self.intake.id.build),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        let blocking = consumers(&*self.settings.store)?.deliveries(&query).await?;
        let streams: BTreeSet<&StreamId> = blocking.iter().map(|it| &it.stream).collect();
        Ok(streams.len())
    }

    /// Takes what is in the source; false if the build is not ours any more.
    pub(super) async fn run_to_end(&mut self) -> Result<bool, FeedError> {
        self.intake.settle().await?;
        loop {
            match self.step(self.settings.poll).await? {
                Step::On { .. } => {}
                Step::AtEnd { .. } => {
                    if self.read_to == self.stored || self.write(&[], true).await? {
                        return Ok(true);
                    }
                    self.reader = None;
                }
                Step::StandBy => tokio::time::sleep(STANDBY / 10).await,
                Step::Paused => {
                    return Err(FeedError::Paused {
                        consumer: self.settings.name().to_owned(),
                    });
                }
                Step::NotOurs => return Ok(false),
            }
        }
    }

    /// Takes events as they come, until the build is not ours any more.
    pub(super) async fn run(&mut self) -> Result<(), FeedError> {
        loop {
            let poll = self.settings.poll;
            if self.settled.is_none_or(|settled| settled.elapsed() >= poll) {
                self.intake.settle().await?;
                self.settled = Some(Instant::now());
                match self.checkpoint().await? {
                    Some(found) => self.condition = found.condition,
                    None => return Ok(()),
                }
            }
            let step = match self.condition {
                Condition::Paused => Step::Paused,
                _ => self.step(poll).await?,
            };
            match step {
                Step::On { .. } | Step::AtEnd { .. } => {}
                Step::StandBy => self.stand_by().await?,
                Step::Paused => {
                    self.reader = None;
                    tokio::time::sleep(poll).await;
                    self.settled = None;
                }
                Step::NotOurs => return Ok(()),
            }
        }
    }

    /// Takes the next messages, if any come within `wait`.
    pub(super) async fn step(&mut self, wait: Duration) -> Result<Step, FeedError> {
        let batch = self.settings.batch;
        let received = match &mut self.reader {
            Some(reader) => reader.next(batch, wait).await,
            None => {
                let mut reader = self.open().await?;
                let received = reader.next(batch, wait).await;
                self.reader = Some(reader);
                received
            }
        };
        let Received {
            messages,
            offset,
            is_at_end,
        } = match received {
            Ok(received) => received,
            Err(error) => {
                self.reader = None;
                return Err(error.into());
            }
        };
        let is_empty = messages.is_empty();
        let sorted = self.sorted(messages);
        if sorted.stop.is_none() {
            self.read_to = Some(offset);
        }
        let is_live = is_at_end && sorted.stop.is_none();
        let has_news = !sorted.events.is_empty() || (is_live && self.condition != Condition::Live);
        let is_due = self.read_to != self.stored && self.written.elapsed() >= IDLE_WRITE;
        if has_news || is_due {
            let taken = self.take(&sorted.events, is_live).await;
            if !matches!(taken, Ok(Taken::Advanced(..))) {
                self.reader = None;
            }
            match taken? {
                Taken::Advanced(..) => {}
                Taken::Busy | Taken::Moved => return Ok(Step::StandBy),
                Taken::Paused => return Ok(Step::Paused),
                Taken::NotOurs => return Ok(Step::NotOurs),
            }
        }
        self.fed.foreign += sorted.foreign;
        self.fed.unreadable += sorted.unreadable;
        match sorted.stop {
            Some(error) => {
                self.reader = None;
                Err(error)
            }
            None if is_at_end => Ok(Step::AtEnd { is_empty }),
            None => Ok(Step::On { is_empty }),
        }
    }

    /// Writes down how far the source was read; false if somebody else has.
    async fn write(&mut self, events: &[Incoming], is_at_end: bool) -> Result<bool, FeedError> {
        let taken = self.take(events, is_at_end).await?;
        Ok(matches!(taken, Taken::Advanced(..)))
    }

    async fn take(&mut self, events: &[Incoming], is_at_end: bool) -> Result<Taken, FeedError> {
        let batch = Batch {
            events,
            from: self.stored.as_ref(),
            to: self.read_to.as_ref(),
            is_at_end,
        };
        let taken = self.intake.take(batch).await?;
        if let Taken::Advanced(checkpoint, new) = &taken {
            self.fed.events += new;
            self.fed.duplicates += events.len() as u64 - new;
            self.position = checkpoint.position;
            self.condition = checkpoint.condition.clone();
            self.stored.clone_from(&self.read_to);
            self.written = Instant::now();
        }
        Ok(taken)
    }

    /// Opens the source where the build has ended.
    async fn open(&mut self) -> Result<Box<dyn Reader>, FeedError> {
        let name = self.settings.name();
        let places = consumers(&*self.settings.store)?.feeds(Some(name)).await?;
        let place = places
            .into_iter()
            .find(|it| it.build == self.intake.id.build);
        if let Some(place) = &place {
            self.settings.check_origin(place)?;
        }
        self.stored = place.and_then(|place| place.offset);
        self.read_to.clone_from(&self.stored);
        let begin = match &self.stored {
            Some(offset) => Begin::After(offset.clone()),
            None => self.settings.begin.clone(),
        };
        Ok(self.settings.source.open(&begin).await?)
    }

    fn sorted(&self, messages: Vec<ReceivedMessage>) -> Sorted {
        let wanted = &self.settings.projection.definition().categories;
        let mut sorted = Sorted {
            events: Vec::with_capacity(messages.len()),
            foreign: 0,
            unreadable: 0,
            stop: None,
        };
        for message in messages {
            let event = match message.event {
                Ok(event) if !wanted.contains(&event.category) => {
                    sorted.foreign += 1;
                    continue;
                }
                Ok(event) => Incoming::new(event),
                Err(error) => Err(error),
            };
            match event {
                Ok(event) => sorted.events.push(event),
                Err(error) => match self.passed(&message.place, error) {
                    None => sorted.unreadable += 1,
                    Some(stop) => {
                        sorted.stop = Some(stop);
                        break;
                    }
                },
            }
        }
        sorted
    }

    /// Goes on without a message, or says why not.
    fn passed(&self, place: &str, source: EnvelopeError) -> Option<FeedError> {
        let consumer = self.settings.name();
        let reason = match (self.settings.passed.get(place), self.settings.unreadable) {
            (Some(reason), _) => reason,
            (None, Unreadable::Skip) => "messages that are no events are skipped",
            (None, Unreadable::Stop) => {
                return Some(FeedError::Unreadable {
                    consumer: consumer.to_owned(),
                    place: place.to_owned(),
                    source,
                });
            }
        };
        let error = whole_text(&source);
        tracing::warn!(consumer, place, reason, error, "a message is passed over");
        None
    }

    /// Somebody else is at work: waits until they seem to have stopped.
    async fn stand_by(&mut self) -> Result<(), FeedError> {
        let revision = |found: &Option<Checkpoint>| found.as_ref().map(|it| it.revision);
        let mut before = revision(&self.checkpoint().await?);
        loop {
            tokio::time::sleep(STANDBY).await;
            let now = revision(&self.checkpoint().await?);
            if now == before {
                return Ok(());
            }
            before = now;
        }
    }

    /// The build's checkpoint, as long as it is ours.
    async fn checkpoint(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        let name = self.settings.name();
        let all = consumers(&*self.settings.store)?
            .checkpoints(Some(name))
            .await?;
        let found = all.into_iter().find(|it| it.id == self.intake.id);
        Ok(found.filter(|it| self.intake.is_ours(it)))
    }
}

impl Feed {
    /// Refuses what this program cannot run at all; a new projection gets its first build.
    pub(super) async fn check(&self) -> Result<Checkpoint, FeedError> {
        let definition = self.settings.projection.definition();
        let name = definition.name;
        let store = consumers(&*self.settings.store)?;
        let mut all = store.checkpoints(Some(name)).await?;
        if all.is_empty() {
            let first = self.new_build(1, Role::Live);
            store.create_build(&[first]).await?;
            all = store.checkpoints(Some(name)).await?;
        }
        let live = all.into_iter().find(|found| found.role == Role::Live);
        let consumer = name.to_owned();
        match live {
            None => Err(FeedError::Overtaken { consumer }),
            Some(live) => match live.kind {
                ConsumerKind::Projection => Err(FeedError::KeptFromLog { consumer }),
                ConsumerKind::Reactor | ConsumerKind::Relay => {
                    Err(FeedError::NotAProjection { consumer })
                }
                ConsumerKind::Feed if live.definition > definition.version => {
                    Err(FeedError::NotLive {
                        consumer,
                        live: live.definition,
                        own: definition.version,
                    })
                }
                ConsumerKind::Feed
                    if live.definition == definition.version && !definition.is_of(&live) =>
                {
                    Err(FeedError::ShapeChanged {
                        consumer,
                        version: definition.version,
                    })
                }
                ConsumerKind::Feed => Ok(live),
            },
        }
    }

    /// The checkpoint of a build that is to begin. One task reads a source, so there is one shard.
    pub(super) fn new_build(&self, build: u32, role: Role) -> Checkpoint {
        let definition = self.settings.projection.definition();
        let mut shards = new_build(definition, build, role, self.settings.clock.now());
        Checkpoint {
            kind: ConsumerKind::Feed,
            ..shards.swap_remove(0)
        }
    }
}

/// Finds the live build, and rebuilds it first if it is of an older version.
pub(super) async fn resolve(feed: &Feed) -> Result<Checkpoint, FeedError> {
    loop {
        let live = feed.check().await?;
        if live.definition == feed.settings.projection.definition().version {
            return Ok(live);
        }
        match feed.rebuild(crate::rebuild::Old::Keep).await {
            Ok(_) | Err(FeedError::Overtaken { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}
