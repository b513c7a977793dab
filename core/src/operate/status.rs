//! How far everybody is, and how they fare.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate_port::{
    Checkpoint, Condition, ConsumerKind, ConsumerStore, Delivery, DeliveryQuery, DeliveryState,
    FeedPlace, LogCount, LogQuery, Position, RelayRecord, Role, StreamId,
};

use super::{OperationError, Operations};
use crate::runner::consumers;

/// A projection, reactor or relay, as a person wants to see it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ConsumerStatus {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ConsumerKind,
    /// Its builds, the live one first.
    pub builds: Vec<BuildStatus>,
}

/// One build of a consumer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BuildStatus {
    /// Its number.
    pub build: u32,
    /// The version of the definition that it is made with.
    pub version: u32,
    /// What it is for.
    pub role: Role,
    /// The name of its table.
    pub table: Option<String>,
    /// How many tasks share the streams.
    pub shards: usize,
    /// Everything up to here has been taken.
    pub position: Position,
    /// How many positions there are between that and the end of the log: at most so many events
    /// are still to be taken. Of a relay it is exact: the events of its categories. 0 of a feed,
    /// because a broker does not say.
    pub behind: u64,
    /// How long ago the first event that is still to be taken was recorded; nothing if there is
    /// none; what waits for a dead letter does not count. Of a feed that is not live it is how long ago the last one was that it has taken.
    pub lag: Option<TimeDelta>,
    /// How it fares: of several shards, the one that fares worst.
    pub condition: Condition,
    /// How many streams wait because an event has failed.
    pub parked: usize,
    /// How many events have asked to be delivered again later.
    pub scheduled: usize,
    /// The recorded time of the last event that was taken.
    pub event_at: Option<DateTime<Utc>>,
    /// When it has last written down how far it is.
    pub changed_at: DateTime<Utc>,
    /// Of a feed: what it reads, and how far it has.
    pub feed: Option<FeedPlace>,
    /// Since when the first of the streams that wait does.
    pub parked_since: Option<DateTime<Utc>>,
    /// When somebody has last skipped an event.
    pub skipped_at: Option<DateTime<Utc>>,
    /// Of a relay: where it sends, and how that went.
    pub relay: Option<RelayRecord>,
}

impl BuildStatus {
    /// What went wrong last with a relay, and when, unless it is over: the broker has confirmed
    /// something since, or somebody has skipped an event.
    #[must_use]
    pub fn present_error(&self) -> Option<&(String, DateTime<Utc>)> {
        let relay = self.relay.as_ref()?;
        let last = relay.last_error.as_ref()?;
        let over = relay.confirmed_at.max(self.skipped_at);
        over.is_none_or(|at| at < last.1).then_some(last)
    }
}

impl Operations {
    /// All projections, reactors and relays that have ever run on the store, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn status(&self) -> Result<Vec<ConsumerStatus>, OperationError> {
        let watermark = self.store.watermark().await?;
        let consumers = consumers(&*self.store)?;
        let deliveries = consumers.deliveries(&DeliveryQuery::default()).await?;
        let feeds = consumers.feeds(None).await?;
        let relays = consumers.relays(None).await?;
        let mut builds: BTreeMap<(String, u32), Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in consumers.checkpoints(None).await? {
            let key = (checkpoint.id.consumer.clone(), checkpoint.id.build);
            builds.entry(key).or_default().push(checkpoint);
        }
        let mut all: Vec<ConsumerStatus> = Vec::new();
        for ((name, build), shards) in builds {
            let relay = relays
                .iter()
                .find(|it| it.consumer == name && it.build == build)
                .filter(|_| shards[0].kind == ConsumerKind::Relay);
            let own = deliveries.iter();
            let own = own.filter(|it| it.consumer == name && it.build == build);
            let status = BuildStatus {
                feed: feeds
                    .iter()
                    .find(|it| it.consumer == name && it.build == build)
                    .cloned(),
                ..self.build(consumers, &shards, watermark, relay).await?
            };
            let status = with_deliveries(status, own);
            match all.last_mut().filter(|last| last.name == name) {
                Some(last) => last.builds.push(status),
                None => all.push(ConsumerStatus {
                    name,
                    kind: shards[0].kind,
                    builds: vec![status],
                }),
            }
        }
        for consumer in &mut all {
            consumer
                .builds
                .sort_by_key(|build| (build.role != Role::Live, build.build));
        }
        Ok(all)
    }

    async fn build(
        &self,
        consumers: &dyn ConsumerStore,
        shards: &[Checkpoint],
        watermark: Position,
        relay: Option<&RelayRecord>,
    ) -> Result<BuildStatus, OperationError> {
        let first = &shards[0];
        let slowest = shards.iter().min_by_key(|shard| shard.position);
        let slowest = slowest.unwrap_or(first);
        let worst = shards.iter().max_by_key(|shard| severity(&shard.condition));
        let position = slowest.position;
        let categories = relay.map_or(&[][..], |relay| &relay.categories);
        Ok(BuildStatus {
            build: first.id.build,
            version: first.definition,
            role: first.role,
            table: first.physical_table(),
            shards: shards.len(),
            position,
            behind: match first.kind {
                ConsumerKind::Feed => 0,
                ConsumerKind::Relay if position < watermark => {
                    let count = LogCount {
                        categories: categories.to_vec(),
                        after: position,
                        until: watermark,
                    };
                    consumers.count_log(&count).await?
                }
                _ => watermark.get().saturating_sub(position.get()),
            },
            lag: match (first.kind, &first.condition, first.event_at) {
                (ConsumerKind::Feed, Condition::Live, _) | (ConsumerKind::Feed, _, None) => None,
                (ConsumerKind::Feed, _, Some(at)) => Some((self.now() - at).max(TimeDelta::zero())),
                _ => self.lag(position, watermark, categories).await?,
            },
            condition: worst.unwrap_or(first).condition.clone(),
            parked: 0,
            scheduled: 0,
            feed: None,
            parked_since: None,
            skipped_at: None,
            relay: relay.cloned(),
            event_at: slowest.event_at,
            changed_at: shards
                .iter()
                .map(|shard| shard.changed_at)
                .max()
                .unwrap_or(first.changed_at),
        })
    }

    async fn lag(
        &self,
        position: Position,
        watermark: Position,
        categories: &[String],
    ) -> Result<Option<TimeDelta>, OperationError> {
        if position >= watermark {
            return Ok(None);
        }
        let query = LogQuery {
            limit: 1,
            categories: categories.to_vec(),
            ..LogQuery::after(position)
        };
        let page = self.store.read_log(&query).await?;
        let first = page.events.first();
        Ok(first.map(|event| (self.now() - event.recorded_at).max(TimeDelta::zero())))
    }
}

/// Takes the deliveries of a build into account.
fn with_deliveries<'a>(
    status: BuildStatus,
    own: impl Iterator<Item = &'a Delivery>,
) -> BuildStatus {
    let mut streams: HashSet<&StreamId> = HashSet::new();
    let (mut since, mut skipped_at, mut scheduled) = (None, None, 0);
    for delivery in own {
        match delivery.state {
            DeliveryState::Parked | DeliveryState::Retrying { .. } => {
                streams.insert(&delivery.stream);
                let first = delivery.first_at;
                since = Some(since.map_or(first, |since: DateTime<Utc>| since.min(first)));
            }
            DeliveryState::Scheduled { .. } => scheduled += 1,
            DeliveryState::Skipped { .. } => skipped_at = skipped_at.max(Some(delivery.last_at)),
        }
    }
    BuildStatus {
        parked: streams.len(),
        parked_since: since,
        skipped_at,
        scheduled,
        ..status
    }
}

fn severity(condition: &Condition) -> u8 {
    match condition {
        Condition::Live => 0,
        Condition::CatchingUp => 1,
        Condition::New => 2,
        Condition::Paused => 3,
        Condition::Retrying { .. } => 4,
        Condition::Failed { .. } => 5,
    }
}
