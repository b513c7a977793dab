//! What was found in a log.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rehydrate_port::{ErrorKind, Position, SchemaVersion, StoreError, StoredEvent, Version};

use super::tally::{Tallies, Tally};
use crate::schema::Meaning;

/// What [`VerifyLog`](crate::VerifyLog) has found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedLog {
    /// How many stored events were decoded.
    pub events: u64,
    /// Every event up to here has been, from where it began: where a later run may begin.
    pub read_to: Position,
    /// Every stored type and version, by category, type and schema version in byte order.
    pub by_type: Vec<VerifiedType>,
}

impl VerifiedLog {
    /// How many events this program cannot read.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.by_type.iter().map(|found| found.failed).sum()
    }

    /// Whether this program can read every event.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.failed() == 0
    }
}

/// What was found of one stored type and schema version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedType {
    /// The aggregate's stored type name.
    pub category: String,
    /// The stored type.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: SchemaVersion,
    /// What it means to the program; `None` where no aggregate has the category.
    pub meaning: Option<Meaning>,
    /// How many are stored.
    pub events: u64,
    /// How many of today's events they are: none if retired, more than are stored if split.
    pub decoded_to: u64,
    /// How many of those stored cannot be read.
    pub failed: u64,
    /// The first one of them in the log.
    pub first_failure: Option<UnreadableEvent>,
}

/// A stored event that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableEvent {
    /// Its position.
    pub position: Position,
    /// Its stream, as `category/id`.
    pub stream: String,
    /// Its version in its stream.
    pub version: Version,
    /// What is wrong with it, with the causes and what to do, so that "it" can stand before it; cut
    /// off if it is very long.
    pub error: String,
}

impl UnreadableEvent {
    pub(super) fn new(event: &StoredEvent<'_>, error: String) -> Self {
        Self {
            position: event.position,
            stream: format!("{}/{}", event.category, event.stream_id),
            version: event.version,
            error,
        }
    }
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyLogProgress {
    /// Events decoded so far.
    pub events: u64,
    /// How many of them failed.
    pub failed: u64,
    /// The position up to which everything has been decoded.
    pub position: Position,
    /// The position up to which it goes.
    pub until: Position,
}

/// Why a log was not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyLogError {
    /// It was to begin after the end of the log, so nothing would have been looked at.
    #[error(
        "the log ends at position {watermark}, so nothing can be verified after position {after}: is it the position of another store?"
    )]
    AfterTheLog {
        /// Where it was to begin.
        after: Position,
        /// The last position of the log.
        watermark: Position,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl VerifyLogError {
    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::AfterTheLog { .. } => ErrorKind::Refused,
            Self::Store(error) => error.kind(),
        }
    }
}

/// A report being written.
#[derive(Debug)]
pub(super) struct Report {
    events: u64,
    failed: u64,
    read_to: Position,
    by_type: BTreeMap<(String, String, SchemaVersion), Tally>,
}

impl Report {
    pub(super) fn new(after: Position) -> Self {
        Self {
            events: 0,
            failed: 0,
            read_to: after,
            by_type: BTreeMap::new(),
        }
    }

    /// Adds the next page of the log.
    pub(super) fn add(&mut self, tallies: Tallies, read_to: Position) {
        self.read_to = read_to;
        for (key, tally) in tallies {
            self.events += tally.events;
            self.failed += tally.failed;
            match self.by_type.entry(key) {
                Entry::Occupied(mut earlier) => earlier.get_mut().add(tally),
                Entry::Vacant(free) => {
                    free.insert(tally);
                }
            }
        }
    }

    pub(super) fn progress(&self, until: Position) -> VerifyLogProgress {
        VerifyLogProgress {
            events: self.events,
            failed: self.failed,
            position: self.read_to,
            until: until.max(self.read_to),
        }
    }

    pub(super) fn into_verified(self) -> VerifiedLog {
        let by_type = self.by_type.into_iter();
        let by_type = by_type.map(
            |((category, event_type, schema_version), tally)| VerifiedType {
                category,
                event_type,
                schema_version,
                meaning: tally.meaning,
                events: tally.events,
                decoded_to: tally.decoded_to,
                failed: tally.failed,
                first_failure: tally.first_failure,
            },
        );
        VerifiedLog {
            events: self.events,
            read_to: self.read_to,
            by_type: by_type.collect(),
        }
    }
}
