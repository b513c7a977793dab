//! Checkpoints and deliveries as they stand in their rows.

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Ahead, BoxError, Checkpoint, CheckpointId, Condition, ConsumerKind, Delivery, DeliveryState,
    Position, Role, SchemaVersion, StoreError, StreamId, Table, Version,
};
use serde::Deserialize;

use crate::dialect::rows::clamp;
use crate::dialect::session::{Answer, Bind};

#[derive(Debug, Deserialize)]
struct RawCheckpoint {
    consumer: String,
    build: u32,
    shard: u32,
    kind: String,
    definition: u32,
    role: String,
    table_shape: Option<String>,
    position: u64,
    revision: u64,
    condition: String,
    error: Option<String>,
    retry_at: Option<i64>,
    attempts: Option<u32>,
    event_at: Option<i64>,
    changed_at: i64,
    lease_owner: Option<String>,
    lease_until: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct RawDelivery {
    consumer: String,
    build: u32,
    position: u64,
    category: String,
    stream_id: String,
    version: u64,
    event_type: String,
    schema_version: u32,
    state: String,
    due_at: Option<i64>,
    reason: Option<String>,
    error: Option<String>,
    attempts: u32,
    first_at: i64,
    last_at: i64,
}

#[derive(Debug, Deserialize)]
struct RawAhead {
    category: String,
    stream_id: String,
    version: u64,
    position: u64,
}

pub(super) fn checkpoint(answer: &Answer) -> Result<Checkpoint, StoreError> {
    read_checkpoint(answer).map_err(|error| unreadable("read a checkpoint", error))
}

pub(super) fn delivery(answer: &Answer) -> Result<Delivery, StoreError> {
    read_delivery(answer).map_err(|error| unreadable("read a delivery", error))
}

pub(super) fn ahead(answer: &Answer) -> Result<Ahead, StoreError> {
    let read = || -> Result<Ahead, BoxError> {
        let raw: RawAhead = serde_json::from_str(text(answer))?;
        Ok(Ahead {
            stream: StreamId::new(raw.category, raw.stream_id)?,
            version: Version::new(raw.version),
            position: Position::new(raw.position),
        })
    };
    read().map_err(|error| unreadable("read how far a build is ahead", error))
}

fn read_checkpoint(answer: &Answer) -> Result<Checkpoint, BoxError> {
    let raw: RawCheckpoint = serde_json::from_str(text(answer))?;
    let table: Option<Table> = match &raw.table_shape {
        Some(shape) => Some(serde_json::from_str(shape)?),
        None => None,
    };
    let error = raw.error.unwrap_or_default();
    let condition = match raw.condition.as_str() {
        "new" => Condition::New,
        "catching_up" => Condition::CatchingUp,
        "live" => Condition::Live,
        "paused" => Condition::Paused,
        "retrying" => Condition::Retrying {
            at: time(raw.retry_at.unwrap_or_default())?,
            attempts: raw.attempts.unwrap_or_default(),
            error,
        },
        "failed" => Condition::Failed { error },
        other => return Err(unknown("condition", other)),
    };
    let lease = match (raw.lease_owner, raw.lease_until) {
        (Some(owner), Some(until)) => Some((owner, time(until)?)),
        _ => None,
    };
    Ok(Checkpoint {
        id: CheckpointId {
            consumer: raw.consumer,
            build: raw.build,
            shard: raw.shard,
        },
        kind: match raw.kind.as_str() {
            "projection" => ConsumerKind::Projection,
            "reactor" => ConsumerKind::Reactor,
            "feed" => ConsumerKind::Feed,
            "relay" => ConsumerKind::Relay,
            other => return Err(unknown("kind", other)),
        },
        definition: raw.definition,
        role: match raw.role.as_str() {
            "live" => Role::Live,
            "building" => Role::Building,
            "retired" => Role::Retired,
            other => return Err(unknown("role", other)),
        },
        table,
        position: Position::new(raw.position),
        revision: raw.revision,
        condition,
        event_at: raw.event_at.map(time).transpose()?,
        changed_at: time(raw.changed_at)?,
        lease,
    })
}

fn read_delivery(answer: &Answer) -> Result<Delivery, BoxError> {
    let raw: RawDelivery = serde_json::from_str(text(answer))?;
    let due = || time(raw.due_at.unwrap_or_default());
    let state = match raw.state.as_str() {
        "parked" => DeliveryState::Parked,
        "retrying" => DeliveryState::Retrying { at: due()? },
        "scheduled" => DeliveryState::Scheduled { at: due()? },
        "skipped" => DeliveryState::Skipped {
            reason: raw.reason.unwrap_or_default(),
        },
        other => return Err(unknown("state", other)),
    };
    Ok(Delivery {
        consumer: raw.consumer,
        build: raw.build,
        position: Position::new(raw.position),
        stream: StreamId::new(raw.category, raw.stream_id)?,
        version: Version::new(raw.version),
        event_type: raw.event_type,
        schema_version: SchemaVersion::new(raw.schema_version),
        state,
        error: raw.error,
        attempts: raw.attempts,
        first_at: time(raw.first_at)?,
        last_at: time(raw.last_at)?,
    })
}

/// The binds of `create_checkpoint.sql`.
pub(super) fn new_checkpoint(checkpoint: &Checkpoint) -> Result<Vec<Bind>, StoreError> {
    let shape = checkpoint.table.as_ref().map(serde_json::to_string);
    let shape = shape
        .transpose()
        .map_err(|error| unreadable("write the shape of a table", error.into()))?;
    let id = &checkpoint.id;
    let mut binds = vec![
        Bind::name(&id.consumer),
        id.build.into(),
        id.shard.into(),
        kind(checkpoint),
        checkpoint.definition.into(),
        Bind::name(match checkpoint.role {
            Role::Live => "live",
            Role::Building => "building",
            Role::Retired => "retired",
        }),
        Bind::Text(shape),
        clamp(checkpoint.position.get()).into(),
        clamp(checkpoint.revision).into(),
    ];
    binds.extend(condition(checkpoint));
    Ok(binds)
}

/// The binds of `save_checkpoint.sql`.
pub(super) fn saved_checkpoint(checkpoint: &Checkpoint) -> Vec<Bind> {
    let id = &checkpoint.id;
    let mut binds = vec![kind(checkpoint), clamp(checkpoint.position.get()).into()];
    binds.extend(condition(checkpoint));
    binds.extend([Bind::name(&id.consumer), id.build.into(), id.shard.into()]);
    binds
}

fn kind(checkpoint: &Checkpoint) -> Bind {
    Bind::name(match checkpoint.kind {
        ConsumerKind::Projection => "projection",
        ConsumerKind::Reactor => "reactor",
        ConsumerKind::Feed => "feed",
        ConsumerKind::Relay => "relay",
    })
}

/// The condition, its error, the time of the next attempt, the attempts, the time of the event.
fn condition(checkpoint: &Checkpoint) -> [Bind; 5] {
    let (name, failed, retry) = match &checkpoint.condition {
        Condition::New => ("new", None, None),
        Condition::CatchingUp => ("catching_up", None, None),
        Condition::Live => ("live", None, None),
        Condition::Paused => ("paused", None, None),
        Condition::Retrying {
            at,
            attempts,
            error,
        } => ("retrying", Some(error), Some((at, *attempts))),
        Condition::Failed { error } => ("failed", Some(error), None),
    };
    [
        Bind::name(name),
        Bind::Text(failed.map(|text| storable(text))),
        Bind::Integer(retry.map(|(at, _)| at.timestamp_micros())),
        Bind::Integer(retry.map(|(_, attempts)| attempts.into())),
        Bind::Integer(checkpoint.event_at.map(|at| at.timestamp_micros())),
    ]
}

/// The binds of `put_delivery.sql`.
pub(super) fn put_delivery(delivery: &Delivery) -> Vec<Bind> {
    let (state, due, reason) = match &delivery.state {
        DeliveryState::Parked => ("parked", None, None),
        DeliveryState::Retrying { at } => ("retrying", Some(at), None),
        DeliveryState::Scheduled { at } => ("scheduled", Some(at), None),
        DeliveryState::Skipped { reason } => ("skipped", None, Some(reason)),
    };
    vec![
        Bind::name(&delivery.consumer),
        delivery.build.into(),
        clamp(delivery.position.get()).into(),
        Bind::name(delivery.stream.category()),
        Bind::name(delivery.stream.id()),
        clamp(delivery.version.get()).into(),
        Bind::name(&delivery.event_type),
        delivery.schema_version.get().into(),
        Bind::name(state),
        Bind::Integer(due.map(DateTime::timestamp_micros)),
        Bind::Text(reason.map(|text| storable(text))),
        Bind::Text(delivery.error.as_deref().map(storable)),
        delivery.attempts.into(),
        delivery.first_at.timestamp_micros().into(),
        delivery.last_at.timestamp_micros().into(),
    ]
}

/// What went wrong may have any text, but no database of all of them keeps a NUL.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn text(answer: &Answer) -> &str {
    answer.1.as_deref().unwrap_or_default()
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, BoxError> {
    let time = DateTime::from_timestamp_micros(micros);
    time.ok_or_else(|| format!("{micros} microseconds are no time").into())
}

fn unknown(column: &str, value: &str) -> BoxError {
    format!("its {column} is {value:?}, which this program does not know").into()
}

pub(super) fn unreadable(action: &'static str, source: BoxError) -> StoreError {
    StoreError::Backend { action, source }
}
