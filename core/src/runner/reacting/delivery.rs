//! What is kept of an event that was not just answered.

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate_port::{CheckpointId, Delivery, DeliveryState, StoreError, StoredEvent, StreamId};

use crate::clock::to_stored_precision;
use crate::error::whole_text;
use crate::reactor::{Failure, Reaction, Retries};

/// An event that is to be delivered at a time, as if for the first time.
pub(super) fn retry_at(
    id: &CheckpointId,
    event: &StoredEvent<'_>,
    at: DateTime<Utc>,
) -> Result<Delivery, StoreError> {
    let at = to_stored_precision(at);
    Ok(Delivery {
        consumer: id.consumer.clone(),
        build: id.build,
        position: event.position,
        stream: stream_of(event)?,
        version: event.version,
        event_type: event.event_type.to_owned(),
        schema_version: event.schema_version,
        state: DeliveryState::Retrying { at },
        error: None,
        attempts: 0,
        first_at: at,
        last_at: at,
    })
}

/// What a delivery becomes by the outcome of an attempt; nothing is kept of one that was answered.
///
/// One that was asked for with [`Reaction::Again`] stays so while it fails and is tried again: its
/// stream has long gone on, and a gateway that is down for a minute is no reason to hold it up.
pub(super) fn after(
    was: Delivery,
    number: u32,
    outcome: Result<Reaction, Failure>,
    retries: Retries,
    now: DateTime<Utc>,
) -> Option<Delivery> {
    let now = to_stored_precision(now);
    let failure = match outcome {
        Ok(Reaction::Done) => return None,
        Ok(Reaction::Again(at)) => {
            return Some(Delivery {
                state: DeliveryState::Scheduled {
                    at: to_stored_precision(at),
                },
                error: None,
                attempts: 0,
                last_at: now,
                ..was
            });
        }
        Err(failure) => failure,
    };
    let state = if failure.is_poison() || !retries.allows_another_after(number) {
        DeliveryState::Parked
    } else {
        let pause = TimeDelta::from_std(retries.pause_after(number)).unwrap_or(TimeDelta::days(1));
        let at = now + pause;
        match was.state {
            DeliveryState::Scheduled { .. } => DeliveryState::Scheduled { at },
            _ => DeliveryState::Retrying { at },
        }
    };
    Some(Delivery {
        state,
        error: Some(whole_text(&**failure.error())),
        attempts: number,
        last_at: now,
        ..was
    })
}

fn stream_of(event: &StoredEvent<'_>) -> Result<StreamId, StoreError> {
    StreamId::new(event.category.to_owned(), event.stream_id).map_err(|source| {
        StoreError::Backend {
            action: "name the stream of a stored event",
            source: source.into(),
        }
    })
}
