//! What a person needs to know when a store is slow.

use std::time::Duration;

use crate::stream::{Position, StreamId, Version};

/// A look at a store: how far it is, what holds it up, what grows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The store, without a password.
    pub store: String,
    /// The database and its version; empty if there is none.
    pub database: String,
    /// The newest migration that the store has had.
    pub schema_version: u32,
    /// The last position that was given out, to an append that may not have committed yet.
    pub head: Position,
    /// The highest position at or below which nothing can appear any more.
    pub watermark: Position,
    /// The transactions that keep the watermark below the head, the oldest first.
    pub held_by: Vec<Holder>,
    /// Indexes of ours that somebody has dropped.
    pub missing_indexes: Vec<String>,
    /// The longest streams, the longest first, at most ten.
    pub longest_streams: Vec<(StreamId, Version)>,
    /// How reads have fared with snapshots since the store was opened.
    pub snapshots: SnapshotUse,
    /// The tables, with what they take.
    pub tables: Vec<TableSize>,
}

impl Diagnosis {
    /// A diagnosis in which nothing has been looked at yet, for a store to fill in.
    #[must_use]
    pub fn of(store: impl Into<String>) -> Self {
        Self {
            store: store.into(),
            database: String::new(),
            schema_version: 0,
            head: Position::ZERO,
            watermark: Position::ZERO,
            held_by: Vec::new(),
            missing_indexes: Vec::new(),
            longest_streams: Vec::new(),
            snapshots: SnapshotUse::default(),
            tables: Vec::new(),
        }
    }
}

/// A transaction that keeps the watermark where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The number by which the server knows its connection.
    pub pid: i64,
    /// How long ago the transaction began.
    pub age: Duration,
    /// What it executes, or has executed last.
    pub query: String,
}

/// How many reads asked for a snapshot, and how many got one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotUse {
    /// Reads that asked.
    pub asked: u64,
    /// Reads that began with a snapshot.
    pub found: u64,
}

impl SnapshotUse {
    /// The part of the reads that got a snapshot, 0 to 1; `None` if none has asked.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a ratio of counts needs no more digits"
        )]
        (self.asked > 0).then(|| self.found as f64 / self.asked as f64)
    }
}

/// What a table takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// Its rows; an estimate where the database keeps one.
    pub rows: u64,
    /// Its bytes on disk with its indexes; 0 where the database does not tell.
    pub bytes: u64,
}
