//! How far everybody is, and how they fare.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{OperationError, Operations};
use crate::runner::consumers;
use crate::store::{
    Checkpoint, Condition, ConsumerKind, DeliveryQuery, DeliveryState, FeedPlace, LogQuery, Role,
};
use crate::stream::{Position, StreamId};

/// A projection or reactor, as a person wants to see it.
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
    /// are still to be taken. 0 of a feed, because a broker does not say.
    pub behind: u64,
    /// How long ago the first event that is still to be taken was recorded; nothing if there is
    /// none. Of a feed that is not live it is how long ago the last one was that it has taken.
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
}

impl Operations {
    /// All projections and reactors that have ever run on the store, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn status(&self) -> Result<Vec<ConsumerStatus>, OperationError> {
        let watermark = self.store.watermark().await?;
        let consumers = consumers(&*self.store)?;
        let deliveries = consumers.deliveries(&DeliveryQuery::default()).await?;
        let feeds = consumers.feeds(None).await?;
        let mut builds: BTreeMap<(String, u32), Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in consumers.checkpoints(None).await? {
            let key = (checkpoint.id.consumer.clone(), checkpoint.id.build);
            builds.entry(key).or_default().push(checkpoint);
        }
        let mut all: Vec<ConsumerStatus> = Vec::new();
        for ((name, build), shards) in builds {
            let own = || {
                let own = deliveries.iter();
                own.filter(|delivery| delivery.consumer == name && delivery.build == build)
            };
            let waiting: HashSet<&StreamId> = own()
                .filter(|delivery| {
                    matches!(
                        delivery.state,
                        DeliveryState::Parked | DeliveryState::Retrying { .. }
                    )
                })
                .map(|delivery| &delivery.stream)
                .collect();
            let parked = waiting.len();
            let scheduled = own()
                .filter(|delivery| matches!(delivery.state, DeliveryState::Scheduled { .. }))
                .count();
            let status = BuildStatus {
                parked,
                scheduled,
                feed: feeds
                    .iter()
                    .find(|it| it.consumer == name && it.build == build)
                    .cloned(),
                ..self.build(&shards, watermark).await?
            };
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
        shards: &[Checkpoint],
        watermark: Position,
    ) -> Result<BuildStatus, OperationError> {
        let first = &shards[0];
        let slowest = shards.iter().min_by_key(|shard| shard.position);
        let slowest = slowest.unwrap_or(first);
        let worst = shards.iter().max_by_key(|shard| severity(&shard.condition));
        let position = slowest.position;
        Ok(BuildStatus {
            build: first.id.build,
            version: first.definition,
            role: first.role,
            table: first.physical_table(),
            shards: shards.len(),
            position,
            behind: match first.kind {
                ConsumerKind::Feed => 0,
                _ => watermark.get().saturating_sub(position.get()),
            },
            lag: match (first.kind, &first.condition, first.event_at) {
                (ConsumerKind::Feed, Condition::Live, _) | (ConsumerKind::Feed, _, None) => None,
                (ConsumerKind::Feed, _, Some(at)) => Some((self.now() - at).max(TimeDelta::zero())),
                _ => self.lag(position, watermark).await?,
            },
            condition: worst.unwrap_or(first).condition.clone(),
            parked: 0,
            scheduled: 0,
            feed: None,
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
    ) -> Result<Option<TimeDelta>, OperationError> {
        if position >= watermark {
            return Ok(None);
        }
        let query = LogQuery {
            limit: 1,
            ..LogQuery::after(position)
        };
        let page = self.store.read_log(&query).await?;
        let first = page.events.first();
        Ok(first.map(|event| (self.now() - event.recorded_at).max(TimeDelta::zero())))
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
