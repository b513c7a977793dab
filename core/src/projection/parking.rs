//! Streams that wait because one of their events has failed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rehydrate_port::{
    BoxError, Checkpoint, CheckpointId, ConsumerTransaction, Delivery, DeliveryQuery,
    DeliveryState, Position, StoreError, StoredEvent, StreamId, Version,
};
use twox_hash::XxHash3_128;

use crate::error::whole_text;

/// Which events of a page a build is not to take now: those of streams that wait, and those that
/// it has taken already.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The version of the event that failed.
    parked: HashMap<StreamId, Version>,
    /// The positions that somebody has decided to go on without.
    skipped: HashSet<Position>,
    /// The version up to which events were taken in their own transactions.
    ahead: HashMap<StreamId, Version>,
}

impl Held {
    pub(crate) async fn read(
        transaction: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
    ) -> Result<Self, StoreError> {
        let query = DeliveryQuery {
            consumer: Some(id.consumer.clone()),
            build: Some(id.build),
            ..DeliveryQuery::default()
        };
        let deliveries = transaction.deliveries(&query).await?;
        let (parked, others): (Vec<Delivery>, Vec<Delivery>) =
            deliveries.into_iter().partition(|delivery| {
                matches!(
                    delivery.state,
                    DeliveryState::Parked | DeliveryState::Retrying { .. }
                )
            });
        let ahead = transaction.ahead(id).await?;
        Ok(Self {
            skipped: others
                .into_iter()
                .filter(|delivery| matches!(delivery.state, DeliveryState::Skipped { .. }))
                .map(|delivery| delivery.position)
                .collect(),
            parked: parked
                .into_iter()
                .map(|delivery| (delivery.stream, delivery.version))
                .collect(),
            ahead: ahead
                .into_iter()
                .map(|ahead| (ahead.stream, ahead.version))
                .collect(),
        })
    }

    pub(crate) fn has_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    pub(crate) fn admits(&self, event: &StoredEvent<'_>) -> bool {
        !self.is_parked(event) && !self.is_ahead_of(event) && !self.is_skipped(event)
    }

    /// Whether an event's stream waits for an event at or before it.
    pub(crate) fn is_parked(&self, event: &StoredEvent<'_>) -> bool {
        find(&self.parked, event).is_some_and(|first| event.version >= first)
    }

    /// Whether an event was taken in its own transaction.
    pub(crate) fn is_ahead_of(&self, event: &StoredEvent<'_>) -> bool {
        find(&self.ahead, event).is_some_and(|last| event.version <= last)
    }

    /// Whether somebody has decided to go on without an event.
    pub(crate) fn is_skipped(&self, event: &StoredEvent<'_>) -> bool {
        self.skipped.contains(&event.position)
    }

    /// How many streams wait.
    pub(crate) fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Whether a stream waits.
    pub(crate) fn waits(&self, stream: &StreamId) -> bool {
        self.parked.contains_key(stream)
    }

    /// The version up to which a stream's events were taken in their own transactions.
    pub(crate) fn taken_of(&self, stream: &StreamId) -> Option<Version> {
        self.ahead.get(stream).copied()
    }

    pub(crate) fn park(&mut self, delivery: &Delivery) {
        self.parked
            .insert(delivery.stream.clone(), delivery.version);
    }
}

fn find(streams: &HashMap<StreamId, Version>, event: &StoredEvent<'_>) -> Option<Version> {
    if streams.is_empty() {
        return None;
    }
    let stream = StreamId::new(event.category.to_owned(), event.stream_id).ok()?;
    streams.get(&stream).copied()
}

/// A dead letter: an event of which a build will have nothing until somebody decides.
pub(crate) fn park(
    checkpoint: &Checkpoint,
    event: &StoredEvent<'_>,
    error: &BoxError,
    now: DateTime<Utc>,
) -> Result<Delivery, StoreError> {
    let stream = StreamId::new(event.category.to_owned(), event.stream_id).map_err(|source| {
        StoreError::Backend {
            action: "name the stream of a stored event",
            source: source.into(),
        }
    })?;
    let error = whole_text(&**error);
    // Here, so that nothing is parked without a word, whoever has met it.
    tracing::error!(
        consumer = %checkpoint.id.consumer,
        build = checkpoint.id.build,
        event = %event.address(),
        error,
        "an event cannot be taken: its stream is parked"
    );
    Ok(Delivery {
        consumer: checkpoint.id.consumer.clone(),
        build: checkpoint.id.build,
        position: event.position,
        stream,
        version: event.version,
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        state: DeliveryState::Parked,
        error: Some(error),
        attempts: 1,
        first_at: now,
        last_at: now,
    })
}

/// Which of `shards` parts a stream belongs to. It never changes.
pub(crate) fn shard_of(category: &str, stream_id: &str, shards: u32) -> u32 {
    if shards <= 1 {
        return 0;
    }
    let mut hasher = XxHash3_128::new();
    hasher.write(category.as_bytes());
    hasher.write(b"/");
    hasher.write(stream_id.as_bytes());
    let hash = hasher.finish_128() % u128::from(shards);
    u32::try_from(hash).unwrap_or(0)
}
