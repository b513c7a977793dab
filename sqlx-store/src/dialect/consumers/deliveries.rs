//! The events that a consumer has not just taken, and those that it has taken early.

use rehydrate_port::{Ahead, CheckpointId, Delivery, DeliveryQuery, Position, StoreError};

use super::{named, raw};
use crate::dialect::rows::clamp;
use crate::dialect::session::{Bind, Kept, Session};

pub(crate) async fn deliveries(
    session: &mut impl Session,
    query: &DeliveryQuery,
) -> Result<Vec<Delivery>, StoreError> {
    let due_by = Bind::Integer(query.due_by.map(|due| due.timestamp_micros()));
    let limit = Bind::from(query.limit.map_or(i64::MAX, clamp));
    let states = match (query.blocking_only, query.due_by.is_some()) {
        (true, true) => Some(["retrying", "retrying"]),
        (true, false) => Some(["parked", "retrying"]),
        (false, true) => Some(["retrying", "scheduled"]),
        (false, false) => None,
    };
    let (kept, binds) = match (&query.consumer, query.build, query.position, states) {
        (Some(consumer), Some(build), None, Some([one, other])) => (
            Kept::ReadOpenDeliveries,
            vec![
                Bind::name(consumer),
                build.into(),
                Bind::name(one),
                Bind::name(other),
                due_by,
                limit,
            ],
        ),
        _ => (
            Kept::ReadDeliveries,
            vec![
                Bind::Name(query.consumer.clone()),
                Bind::Integer(query.build.map(i64::from)),
                Bind::Integer(query.position.map(|position| clamp(position.get()))),
                i64::from(query.blocking_only).into(),
                due_by,
                limit,
            ],
        ),
    };
    let answers = session.read("read deliveries", kept, binds).await?;
    answers.iter().map(raw::delivery).collect()
}

pub(crate) async fn put_delivery(
    session: &mut impl Session,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    let binds = raw::put_delivery(delivery);
    session
        .write("write a delivery", Kept::PutDelivery, binds)
        .await?;
    Ok(())
}

pub(crate) async fn remove_delivery(
    session: &mut impl Session,
    consumer: &str,
    build: u32,
    position: Position,
) -> Result<(), StoreError> {
    let binds = vec![
        Bind::name(consumer),
        build.into(),
        clamp(position.get()).into(),
    ];
    session
        .write("remove a delivery", Kept::RemoveDelivery, binds)
        .await?;
    Ok(())
}

pub(crate) async fn ahead(
    session: &mut impl Session,
    id: &CheckpointId,
) -> Result<Vec<Ahead>, StoreError> {
    let answers = session
        .read("read how far a build is ahead", Kept::ReadAhead, named(id))
        .await?;
    answers.iter().map(raw::ahead).collect()
}

pub(crate) async fn put_ahead(
    session: &mut impl Session,
    id: &CheckpointId,
    ahead: &Ahead,
) -> Result<(), StoreError> {
    let mut binds = named(id);
    binds.extend([
        Bind::name(ahead.stream.category()),
        Bind::name(ahead.stream.id()),
        clamp(ahead.version.get()).into(),
        clamp(ahead.position.get()).into(),
    ]);
    session
        .write("note how far a build is ahead", Kept::PutAhead, binds)
        .await?;
    Ok(())
}

pub(crate) async fn forget_ahead(
    session: &mut impl Session,
    id: &CheckpointId,
    up_to: Position,
) -> Result<(), StoreError> {
    let mut binds = named(id);
    binds.push(clamp(up_to.get()).into());
    session
        .write("forget how far a build is ahead", Kept::ForgetAhead, binds)
        .await?;
    Ok(())
}
