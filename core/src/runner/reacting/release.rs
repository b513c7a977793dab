//! Where a stream goes on once what it has waited for is settled.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, ConsumerTransaction, Delivery, DeliveryQuery, DeliveryState,
    Page, Position, StoreError, StreamQuery, Transaction, Version,
};

use super::super::build::consumers_of;
use super::delivery::retry_at;

/// What becomes of a stream of which a delivery was settled.
#[derive(Debug)]
pub(crate) enum Released {
    /// It waits for another of its events.
    Waits,
    /// It goes on with this event, which was noted to be delivered at once.
    GoesOn(Box<Delivery>),
    /// Nothing has waited, and nothing does.
    Free,
}

/// Lets a stream go on after one of its deliveries, which it has waited for, was settled: answered,
/// or skipped. `checkpoint` is locked by the transaction.
///
/// The log is the queue: the event after it is noted to be delivered now, if the checkpoint has
/// passed it already, and so on with the next one.
pub(crate) async fn go_on(
    transaction: &mut dyn Transaction,
    checkpoint: &Checkpoint,
    settled: &Delivery,
    now: DateTime<Utc>,
) -> Result<Released, StoreError> {
    let id = &checkpoint.id;
    let consumers = consumers_of(transaction)?;
    let mut others = consumers.deliveries(&blocking(id)).await?;
    others.retain(|it| it.position != settled.position);
    if others.iter().any(|it| it.stream == settled.stream) {
        return Ok(Released::Waits);
    }
    let ahead = ahead_of(consumers, id, settled).await?;
    let mut reached = ahead.map_or(settled.version, |ahead| ahead.version.max(settled.version));
    let on_file = consumers.deliveries(&on_file(id)).await?;
    let is_skipped = |version| {
        on_file.iter().any(|it| {
            it.version == version
                && it.stream == settled.stream
                && matches!(it.state, DeliveryState::Skipped { .. })
        })
    };
    // Those that were skipped before a relay was rewound stay skipped.
    while is_skipped(reached.next()) {
        reached = reached.next();
    }
    let next = StreamQuery {
        after: reached,
        until: Some(reached.next()),
        limit: Some(1),
        ..StreamQuery::new(settled.stream.clone())
    };
    let pages: Vec<Page> = transaction.read(&next).await?.pages.try_collect().await?;
    let event = pages.iter().find_map(Page::first);
    let consumers = consumers_of(transaction)?;
    match event.filter(|event| event.position <= checkpoint.position) {
        Some(event) => {
            let delivery = retry_at(id, &event, now)?;
            consumers.put_delivery(&delivery).await?;
            Ok(Released::GoesOn(Box::new(delivery)))
        }
        None => {
            if others.is_empty() {
                let everything = checkpoint.position;
                consumers.forget_ahead(id, everything).await?;
            }
            Ok(Released::Free)
        }
    }
}

/// Notes how far a stream was delivered that is from now on to wait for one of its earlier events,
/// so that nothing is delivered twice when it goes on.
pub(super) async fn note_ahead(
    transaction: &mut dyn Transaction,
    checkpoint: &Checkpoint,
    failed: &Delivery,
) -> Result<(), StoreError> {
    let id = &checkpoint.id;
    let consumers = consumers_of(transaction)?;
    let mut others = consumers.deliveries(&blocking(id)).await?;
    others.retain(|it| it.stream == failed.stream && it.position != failed.position);
    let last_blocked = others.iter().map(|it| (it.version, it.position)).max();
    let (version, position) = match last_blocked {
        Some(last) => {
            let ahead = ahead_of(consumers, id, failed).await?;
            ahead.map_or(last, |it| last.max((it.version, it.position)))
        }
        None => last_passed(transaction, checkpoint, failed).await?,
    };
    let ahead = Ahead {
        stream: failed.stream.clone(),
        version,
        position,
    };
    consumers_of(transaction)?.put_ahead(id, &ahead).await
}

/// The last event of a stream that the checkpoint has passed.
async fn last_passed(
    transaction: &mut dyn Transaction,
    checkpoint: &Checkpoint,
    failed: &Delivery,
) -> Result<(Version, Position), StoreError> {
    let later = StreamQuery {
        after: failed.version,
        ..StreamQuery::new(failed.stream.clone())
    };
    let mut last = (failed.version, failed.position);
    let mut pages = transaction.read(&later).await?.pages;
    while let Some(page) = pages.try_next().await? {
        for event in page.iter() {
            if event.position > checkpoint.position {
                return Ok(last);
            }
            last = (event.version, event.position);
        }
    }
    Ok(last)
}

async fn ahead_of(
    consumers: &mut dyn ConsumerTransaction,
    id: &CheckpointId,
    delivery: &Delivery,
) -> Result<Option<Ahead>, StoreError> {
    let all = consumers.ahead(id).await?;
    Ok(all.into_iter().find(|it| it.stream == delivery.stream))
}

/// All deliveries of a reactor.
pub(super) fn on_file(id: &CheckpointId) -> DeliveryQuery {
    DeliveryQuery {
        blocking_only: false,
        ..blocking(id)
    }
}

/// The deliveries of a reactor for which streams wait.
pub(super) fn blocking(id: &CheckpointId) -> DeliveryQuery {
    DeliveryQuery {
        consumer: Some(id.consumer.clone()),
        build: Some(id.build),
        blocking_only: true,
        ..DeliveryQuery::default()
    }
}
