//! What can go wrong below the domain, and what to do about it.

use std::error::Error;
use std::fmt;

use chrono::{DateTime, Utc};

use crate::stream::{Expected, Position, SchemaVersion, StreamId, Version};

/// An error of any type, as a cause.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing was done; the same call may succeed later.
    TryAgain,
    /// Nothing was done, because somebody else was faster: load again and decide again, as
    /// `execute` does when it is called again.
    Stale,
    /// It may have been done: look, or send the same command again if it has an idempotency key.
    Unknown,
    /// The call was understood and refused; the caller must change something.
    Refused,
    /// The store needs somebody who runs it: it is full, read-only, of another release or not there.
    Operator,
    /// What is stored cannot be used by this program.
    BadData,
    /// A programming error in the application, in a store or in this library.
    Bug,
}

/// Why a store did not do what it was asked.
///
/// Except for [`StoreError::OutcomeUnknown`], an error from an append means that nothing was
/// written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The stream is not at the version the writer expected: load it again and decide again.
    #[error("{stream} is at version {actual}, the writer expected {expected}")]
    Conflict {
        /// The stream that was to be appended to.
        stream: StreamId,
        /// What the writer believed.
        expected: Expected,
        /// The version of the stream's last event.
        actual: Version,
    },
    /// The idempotency key was used before, for a different command.
    #[error("idempotency key {key:?} was already used for another command, on {stream}")]
    KeyReused {
        /// The key.
        key: String,
        /// The stream of the command that used it first.
        stream: StreamId,
    },
    /// An imported event would be older than the last event of its stream.
    #[error(
        "{stream} has an event recorded at {last}, so none can be added with the earlier time {recorded_at}"
    )]
    TimeReversed {
        /// The stream that was to be appended to.
        stream: StreamId,
        /// The time that was asked for.
        recorded_at: DateTime<Utc>,
        /// The recorded time of the stream's last event.
        last: DateTime<Utc>,
    },
    /// Imported events would stand inside the log: they can only be added after its end.
    #[error("the log goes up to position {watermark}, so nothing can be imported at {first}")]
    NotAfterTheLog {
        /// The first position of what was to be imported.
        first: Position,
        /// The last position of the log.
        watermark: Position,
    },
    /// The store cannot be reached or is busy: nothing was written, the same call may succeed later.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// What was waited for, in a few words.
        reason: String,
        /// What the database said.
        source: Option<BoxError>,
    },
    /// The connection was lost while a commit was under way: it may have happened.
    ///
    /// A command with an idempotency key can simply be sent again.
    #[error("the connection was lost during a commit, which may have happened or not")]
    OutcomeUnknown {
        /// What the database said.
        source: BoxError,
    },
    /// The store can be read but not written.
    #[error("{store} is read-only")]
    ReadOnly {
        /// The file or address of the store.
        store: String,
        /// What the database said.
        source: Option<BoxError>,
    },
    /// There is no room left for what was to be written.
    #[error("{store} is full: free some space on its disk, then try again")]
    Full {
        /// The file or address of the store.
        store: String,
        /// What the database said.
        source: BoxError,
    },
    /// The store cannot be opened: it does not exist, is not ours, or we may not.
    #[error("cannot open {store}: {reason}")]
    CannotOpen {
        /// The file or address of the store.
        store: String,
        /// What is wrong and what to do.
        reason: String,
        /// What the database said.
        source: Option<BoxError>,
    },
    /// The store's tables are of another release than this program.
    #[error("{store} has schema version {found}, this program works with {known}: {advice}")]
    SchemaMismatch {
        /// The file or address of the store.
        store: String,
        /// The newest migration that the store has had.
        found: u32,
        /// The newest migration that this program knows.
        known: u32,
        /// What to do.
        advice: &'static str,
    },
    /// What is stored breaks a rule that every store keeps, such as versions without holes.
    #[error("{stream} is damaged: {reason}")]
    Corrupt {
        /// The stream with the fault.
        stream: StreamId,
        /// What is wrong, and where.
        reason: String,
    },
    /// A row of a read model that its table cannot hold, or that is not of the shape that the
    /// program asks for.
    #[error("a row does not fit into the table {table}")]
    BadRow {
        /// The table.
        table: String,
        /// What is wrong with it.
        source: BoxError,
    },
    /// The database answered something that the store has no better word for.
    #[error("the store failed to {action}")]
    Backend {
        /// What was being done.
        action: &'static str,
        /// What the database said.
        source: BoxError,
    },
}

impl StoreError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable { .. } => ErrorKind::TryAgain,
            Self::Conflict { .. } => ErrorKind::Stale,
            Self::OutcomeUnknown { .. } => ErrorKind::Unknown,
            Self::KeyReused { .. } | Self::TimeReversed { .. } | Self::NotAfterTheLog { .. } => {
                ErrorKind::Refused
            }
            Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::CannotOpen { .. }
            | Self::SchemaMismatch { .. } => ErrorKind::Operator,
            Self::Corrupt { .. } | Self::BadRow { .. } => ErrorKind::BadData,
            Self::Backend { .. } => ErrorKind::Bug,
        }
    }
}

/// A stored event that this program cannot read.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// Which event.
    pub event: Box<EventAddress>,
    /// What is wrong with it.
    pub problem: DecodeProblem,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decode {}: it {}", self.event, self.problem)
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// Names one stored event, for errors and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventAddress {
    /// The event's stream, as `category/id`.
    pub stream: String,
    /// The event's version in its stream.
    pub version: Version,
    /// The event's position in the log.
    pub position: Position,
    /// The stored type.
    pub event_type: String,
    /// The stored schema version.
    pub schema_version: SchemaVersion,
}

impl fmt::Display for EventAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "event {} of {} (position {}, type `{}`, schema version {})",
            self.version, self.stream, self.position, self.event_type, self.schema_version
        )
    }
}

/// What is wrong with a stored event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The event enum has no such type.
    #[error(
        "is not an event of {event_enum}: add a variant, an alias, `retired` or `legacy` for it, or deploy the program that wrote it"
    )]
    UnknownType {
        /// The enum that was asked.
        event_enum: &'static str,
    },
    /// The program that wrote it is newer than this one.
    #[error("is newer than {newest}, the newest this program knows: deploy the newer program")]
    NewerVersion {
        /// The newest schema version this program knows.
        newest: SchemaVersion,
    },
    /// The event enum has given up this schema version with `_` in its history.
    #[error("is no longer supported: put its type into `history` in place of `_`")]
    UnsupportedVersion,
    /// The payload does not have the shape that its type and schema version promise.
    #[error("has a payload of another shape")]
    Payload(#[source] serde_json::Error),
    /// The metadata is not what this library writes.
    #[error("has unreadable metadata")]
    Metadata(#[source] serde_json::Error),
    /// An upcast refused the payload.
    #[error("was refused by the upcast from {from} to {to}")]
    Upcast {
        /// The older type.
        from: &'static str,
        /// The newer type.
        to: &'static str,
        /// What the upcast said.
        source: BoxError,
    },
}
