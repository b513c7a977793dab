//! Why a repository did not do what it was asked.

use std::convert::Infallible;

use rehydrate_port::{
    DecodeError, ErrorKind, Expected, InvalidStreamId, StoreError, StreamId, Version,
};

use crate::aggregate::InvalidId;
use crate::error::EncodeError;

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The id cannot name a stream.
    #[error(transparent)]
    InvalidStream(#[from] InvalidStreamId),
    /// The stream has not come as far as the asked version.
    #[error("{stream} has no version {asked}: its last one is {latest}")]
    NoSuchVersion {
        /// The stream.
        stream: StreamId,
        /// The version that was asked for.
        asked: Version,
        /// The version of its last event.
        latest: Version,
    },
    /// A stream of the category has an id that is not one of the aggregate's id type.
    #[error("{stream} is in the category, but its id cannot be read")]
    UnreadableId {
        /// The stream.
        stream: StreamId,
        /// What the id type said.
        source: InvalidId,
    },
    /// An event cannot be read by this program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LoadError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidStream(_) | Self::NoSuchVersion { .. } => ErrorKind::Refused,
            Self::UnreadableId { .. } | Self::Decode(_) => ErrorKind::BadData,
            Self::Store(error) => error.kind(),
        }
    }
}

/// Why a command was not carried out; `E` is the domain's own refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate refused.
    #[error(transparent)]
    Rejected(E),
    /// Others kept appending to the stream, attempt after attempt.
    #[error("{stream} is at version {actual}, attempt {attempts} expected {expected}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the last attempt expected.
        expected: Expected,
        /// What it met.
        actual: Version,
        /// How many attempts there were.
        attempts: u32,
    },
    /// The aggregate is not at the version that the command is meant for: look at it again.
    #[error("{stream} is at version {actual}, the command is meant for version {expected}")]
    VersionMismatch {
        /// The stream.
        stream: StreamId,
        /// What [`CommandContext::expected_version`](crate::CommandContext::expected_version) says.
        expected: Version,
        /// The version of its last event.
        actual: Version,
    },
    /// What accompanies the command cannot be used.
    #[error(transparent)]
    InvalidCommand(#[from] InvalidCommand),
    /// The aggregate could not be loaded.
    #[error(transparent)]
    Load(LoadError),
    /// An event could not be written as JSON.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Why a unit of work was not saved.
pub type SaveError = ExecuteError<Infallible>;

impl<E> ExecuteError<E> {
    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(_) | Self::InvalidCommand(_) => ErrorKind::Refused,
            Self::Conflict { .. } | Self::VersionMismatch { .. } => ErrorKind::Stale,
            Self::Load(error) => error.kind(),
            Self::Encode(_) => ErrorKind::Bug,
            Self::Store(error) => error.kind(),
        }
    }
}

// A store's failure is the same thing whether it came while loading or while appending.
impl<E> From<LoadError> for ExecuteError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            error => Self::Load(error),
        }
    }
}

impl<E> From<StoreError> for ExecuteError<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What accompanies a command cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCommand {
    /// The idempotency key is empty or too long.
    #[error("an idempotency key has 1 to {limit} bytes, this one has {bytes}")]
    KeyLength {
        /// The length of the key.
        bytes: usize,
        /// The longest key.
        limit: usize,
    },
    /// The idempotency key of the task has already served another command of the task.
    #[error(
        "idempotency key {key:?} of this task already serves its first command: give each further one a key of its own with `execute_with`"
    )]
    SecondCommand {
        /// The key.
        key: String,
    },
    /// The command's content cannot be written as JSON, so it has no fingerprint.
    #[error("the content of the command is not JSON: {reason}")]
    Content {
        /// What the serializer said.
        reason: String,
    },
    /// The idempotency key was used earlier in the same transaction, for other pending events.
    #[error(
        "idempotency key {key:?} was used earlier in this transaction: give each save a key of its own"
    )]
    KeyUsedInTransaction {
        /// The key.
        key: String,
    },
    /// Pending events of the root were saved in a transaction that has not ended.
    #[error(
        "events of {stream} were saved in another transaction that has not ended: commit it or drop it first"
    )]
    OpenTransaction {
        /// The stream of the root.
        stream: StreamId,
    },
    /// The transaction is on another store than the repository.
    #[error("the transaction is not one of the repository's store")]
    ForeignTransaction,
}
