//! What is kept of a consumer.

use chrono::{DateTime, Utc};

use crate::stream::{Position, SchemaVersion, StreamId, Version};
use crate::table::Table;

/// Names a checkpoint: a shard of a build of a consumer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckpointId {
    /// The consumer's name.
    pub consumer: String,
    /// Which of its builds, counted from 1.
    pub build: u32,
    /// Which part of the streams, counted from 0.
    pub shard: u32,
}

/// How far a consumer has come, and how it fares.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Whose it is.
    pub id: CheckpointId,
    /// What the consumer is.
    pub kind: ConsumerKind,
    /// The version of the definition that this build is made with.
    pub definition: u32,
    /// What the build is for.
    pub role: Role,
    /// The shape of the build's table, if it has one.
    pub table: Option<Table>,
    /// Everything up to here has been taken. Of a [`ConsumerKind::Feed`], whose events have no
    /// position in this log, it is how many events it has taken.
    pub position: Position,
    /// Counts the changes of this checkpoint, so that whoever has read it can tell.
    pub revision: u64,
    /// How it fares.
    pub condition: Condition,
    /// The recorded time of the last event that was taken.
    pub event_at: Option<DateTime<Utc>>,
    /// When this was written.
    pub changed_at: DateTime<Utc>,
    /// Who has the lease, and until when; a lease that has run out may still stand here.
    pub lease: Option<(String, DateTime<Utc>)>,
}

impl Checkpoint {
    /// The name of the build's table in the database.
    #[must_use]
    pub fn physical_table(&self) -> Option<String> {
        let table = self.table.as_ref()?;
        Some(physical_name(&table.name, self.id.build, self.role))
    }
}

/// The name of a build's table: the live one has the table's own.
#[must_use]
pub fn physical_name(table: &str, build: u32, role: Role) -> String {
    match role {
        Role::Live => table.to_owned(),
        Role::Building | Role::Retired => format!("{table}__build_{build}"),
    }
}

/// What a consumer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsumerKind {
    /// It keeps a read model, and may be replayed.
    Projection,
    /// It has effects on the outside world, and is not replayed.
    Reactor,
    /// It keeps a read model from a message broker, not from this log.
    Feed,
    /// It publishes the log to a message broker, and may be rewound.
    Relay,
}

/// What a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is read by whoever reads the read model.
    Live,
    /// It is on its way to be the live one.
    Building,
    /// It was the live one, and is kept.
    Retired,
}

/// How a consumer fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It has not taken an event yet.
    New,
    /// It takes events that were there before it.
    CatchingUp,
    /// It takes events as they happen.
    Live,
    /// Somebody has told it to stand still.
    Paused,
    /// The store did not do what it should; it will be asked again.
    Retrying {
        /// When.
        at: DateTime<Utc>,
        /// How often it has failed.
        attempts: u32,
        /// What went wrong.
        error: String,
    },
    /// It has stopped, and needs somebody to look at it.
    Failed {
        /// What went wrong.
        error: String,
    },
}

/// An event that a consumer has not just taken: it failed, it waits, or it was skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The consumer.
    pub consumer: String,
    /// Which of its builds.
    pub build: u32,
    /// The event's position.
    pub position: Position,
    /// The event's stream.
    pub stream: StreamId,
    /// The event's version in it.
    pub version: Version,
    /// The event's stored type.
    pub event_type: String,
    /// The event's schema version.
    pub schema_version: SchemaVersion,
    /// What becomes of it.
    pub state: DeliveryState,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried first.
    pub first_at: DateTime<Utc>,
    /// When it was tried last, or skipped.
    pub last_at: DateTime<Utc>,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It failed for good: a dead letter. Its stream waits until it is retried or skipped.
    Parked,
    /// It failed and is tried again at a time. Its stream waits.
    Retrying {
        /// When.
        at: DateTime<Utc>,
    },
    /// The consumer has asked to get it again at a time. Its stream does not wait.
    Scheduled {
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody has decided to go on without it.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// That a build has taken a stream's events beyond its checkpoint, in their own transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// The stream.
    pub stream: StreamId,
    /// Up to here.
    pub version: Version,
    /// The position of that event.
    pub position: Position,
}

/// What to do about a checkpoint that somebody else has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Wait for it.
    ForOthers,
    /// Say that it is busy.
    ForNobody,
}

/// A checkpoint that was to be locked.
#[derive(Clone, Debug, PartialEq)]
pub enum Locked {
    /// It is locked.
    Taken(Box<Checkpoint>),
    /// Somebody else has it.
    Busy,
    /// There is none.
    Missing,
}

/// A lease that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Leased {
    /// It was given.
    Given(Box<Checkpoint>),
    /// Somebody else has it.
    Held {
        /// Who.
        owner: String,
        /// Until when, unless it is given again.
        until: DateTime<Utc>,
    },
    /// There is no such checkpoint.
    Missing,
}
