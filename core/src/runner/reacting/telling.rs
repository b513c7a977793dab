//! What is said of an attempt.

use rehydrate_port::{Delivery, DeliveryState};

/// What has come of an attempt, for those who count.
pub(super) fn word(outcome: Option<&Delivery>) -> &'static str {
    match outcome {
        None => "done",
        Some(it) if it.error.is_none() => "again",
        Some(it) if it.state == DeliveryState::Parked => "parked",
        Some(_) => "retrying",
    }
}

/// Says what went wrong.
pub(super) fn tell(outcome: Option<&Delivery>) {
    let Some((delivery, error)) = outcome.and_then(|it| Some((it, it.error.as_deref()?))) else {
        return;
    };
    let (reactor, stream, version) = (&delivery.consumer, &delivery.stream, delivery.version);
    match delivery.state {
        DeliveryState::Parked => {
            tracing::error!(reactor, %stream, %version, error, "an event is parked with its stream");
        }
        DeliveryState::Retrying { at } | DeliveryState::Scheduled { at } => {
            tracing::warn!(reactor, %stream, %version, error, %at, "an event is to be tried again");
        }
        DeliveryState::Skipped { .. } => {}
    }
}
