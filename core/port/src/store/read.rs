//! What is asked of a store, and what it answers.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;

use super::append::{Command, CommittedCommand};
use crate::error::StoreError;
use crate::fingerprint::Fingerprint;
use crate::page::Page;
use crate::stream::{Position, StreamId, Version};

/// What to read of a stream.
#[derive(Clone, Debug)]
pub struct StreamQuery {
    /// The stream.
    pub stream: StreamId,
    /// Events after this version.
    pub after: Version,
    /// Events up to and including this version.
    pub until: Option<Version>,
    /// Events recorded at this time or before.
    pub as_of: Option<DateTime<Utc>>,
    /// Begin after a snapshot with this fingerprint, if there is a usable one.
    pub snapshot: Option<Fingerprint>,
    /// Look for this command first; if it has been committed, read nothing else.
    pub command: Option<Command>,
    /// Read at most this many events.
    pub limit: Option<usize>,
}

impl StreamQuery {
    /// All events of a stream, without its snapshot.
    #[must_use]
    pub fn new(stream: StreamId) -> Self {
        Self {
            stream,
            after: Version::ZERO,
            until: None,
            as_of: None,
            snapshot: None,
            command: None,
            limit: None,
        }
    }

    /// Whether a snapshot at this version and time is part of the asked past.
    #[must_use]
    pub fn admits(&self, version: Version, recorded_at: DateTime<Utc>) -> bool {
        version > self.after
            && self.until.is_none_or(|until| version <= until)
            && self.as_of.is_none_or(|time| recorded_at <= time)
    }
}

/// A stream as it is being read.
pub struct StreamRead<'a> {
    /// The command that was asked for, if it has been committed: then there are no pages.
    pub command: Option<CommittedCommand>,
    /// The snapshot to begin with.
    pub snapshot: SnapshotRead,
    /// The events after the snapshot, in pages.
    pub pages: BoxStream<'a, Result<Page, StoreError>>,
}

impl Debug for StreamRead<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamRead")
            .field("command", &self.command)
            .field("snapshot", &self.snapshot)
            .finish_non_exhaustive()
    }
}

/// What a read found where a snapshot may be.
#[derive(Clone, Debug)]
pub enum SnapshotRead {
    /// Nothing that is part of the asked past, or nothing was asked for.
    None,
    /// A snapshot of a state with another fingerprint; the events are read from the beginning.
    Unusable {
        /// Its fingerprint.
        fingerprint: Fingerprint,
        /// Its version.
        version: Version,
    },
    /// A snapshot to begin with.
    Found(Snapshot),
}

/// A disposable cache of an aggregate's state at an exact version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The version of the last event in the state.
    pub version: Version,
    /// The position of that event.
    pub position: Position,
    /// The recorded time of that event.
    pub recorded_at: DateTime<Utc>,
    /// The shape of the state.
    pub fingerprint: Fingerprint,
    /// The state, as JSON text.
    pub state: String,
}

/// What to read of the log.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// Events after this position.
    pub after: Position,
    /// Only events of these categories; of all if there are none.
    pub categories: Vec<String>,
    /// At most this many events.
    pub limit: usize,
}

impl LogQuery {
    /// All categories, at most 1,000 events.
    #[must_use]
    pub fn after(position: Position) -> Self {
        Self {
            after: position,
            categories: Vec::new(),
            limit: 1_000,
        }
    }
}

/// A page of the log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The events, by position.
    pub events: Page,
    /// Every event up to here that the query asks for has been read: where the next query begins.
    pub read_to: Position,
    /// The highest position at or below which nothing can appear any more.
    pub watermark: Position,
}
