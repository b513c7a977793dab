//! A command on its way: its stream and what accompanies it, checked and ready to be stored.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Appended, Batch, Command, CommittedCommand, Fingerprint, NewEvent, RecordedTime, StoreError,
    StreamId, StreamQuery, Version,
};

use super::{ExecuteError, InvalidCommand};
use crate::clock::to_stored_precision;
use crate::command::CommandContext;

const MAX_KEY_BYTES: usize = 255;

pub(super) struct Order {
    pub(super) stream: StreamId,
    pub(super) command: Option<Command>,
    expected_version: Option<Version>,
    recorded_at: Option<DateTime<Utc>>,
    metadata: Option<String>,
}

impl Order {
    pub(super) fn new(stream: StreamId, context: CommandContext) -> Result<Self, InvalidCommand> {
        let (context, key_used) = context.within_task();
        let fingerprint = match context.fingerprint {
            None => Fingerprint(0),
            Some(Ok(fingerprint)) => fingerprint,
            Some(Err(reason)) => return Err(InvalidCommand::Content { reason }),
        };
        let command = match context.idempotency_key {
            None => None,
            Some(key) if key.is_empty() || key.len() > MAX_KEY_BYTES => {
                return Err(InvalidCommand::KeyLength {
                    bytes: key.len(),
                    limit: MAX_KEY_BYTES,
                });
            }
            Some(key) => Some(Command { key, fingerprint }),
        };
        if key_used.is_some_and(|used| used.swap(true, Ordering::AcqRel)) {
            return Err(InvalidCommand::SecondCommand {
                key: command.map(|command| command.key).unwrap_or_default(),
            });
        }
        let metadata = &context.metadata;
        Ok(Self {
            stream,
            command,
            expected_version: context.expected_version,
            recorded_at: context.recorded_at.map(to_stored_precision),
            metadata: (!metadata.is_empty()).then(|| metadata.to_json()),
        })
    }

    pub(super) fn query(&self) -> StreamQuery {
        StreamQuery {
            command: self.command.clone(),
            ..StreamQuery::new(self.stream.clone())
        }
    }

    pub(super) fn batch(&self, events: Vec<NewEvent>, now: DateTime<Utc>) -> Batch {
        Batch {
            events,
            metadata: self.metadata.clone(),
            time: match self.recorded_at {
                Some(time) => RecordedTime::Import(time),
                None => RecordedTime::Clock(now),
            },
            command: self.command.clone(),
        }
    }

    /// The outcome of the first command, for this one with the same idempotency key.
    pub(super) fn first_outcome(&self, first: CommittedCommand) -> Result<Appended, StoreError> {
        match &self.command {
            Some(command) => first.repeated(command, &self.stream),
            None => unreachable!("BUG: no command was asked for"),
        }
    }

    pub(super) fn check_version<E>(&self, actual: Version) -> Result<(), ExecuteError<E>> {
        match self.expected_version {
            Some(expected) if expected != actual => Err(self.mismatch(expected, actual)),
            _ => Ok(()),
        }
    }

    /// Whether the caller says that nobody has stored the aggregate yet.
    pub(super) fn is_for_a_new_one(&self) -> bool {
        self.expected_version == Some(Version::ZERO)
    }

    /// A caller who named a version has decided on that version's state.
    pub(super) fn may_decide_again(&self) -> bool {
        self.expected_version.is_none()
    }

    pub(super) fn error<E>(&self, error: StoreError, attempts: u32) -> ExecuteError<E> {
        match (error, self.expected_version) {
            (StoreError::Conflict { actual, .. }, Some(expected)) => {
                self.mismatch(expected, actual)
            }
            (
                StoreError::Conflict {
                    stream,
                    expected,
                    actual,
                },
                None,
            ) => ExecuteError::Conflict {
                stream,
                expected,
                actual,
                attempts,
            },
            (error, _) => ExecuteError::Store(error),
        }
    }

    fn mismatch<E>(&self, expected: Version, actual: Version) -> ExecuteError<E> {
        ExecuteError::VersionMismatch {
            stream: self.stream.clone(),
            expected,
            actual,
        }
    }
}
