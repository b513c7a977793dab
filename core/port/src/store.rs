//! The port to a database: what every store promises.

mod append;
mod census;
mod consumers;
mod diagnosis;
mod forward;
mod identity;
mod read;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::page::Page;
use crate::stream::{Expected, Position, StreamId};

pub use self::append::{
    Appended, Batch, Command, CommittedCommand, NewEvent, Outcome, RecordedTime,
};
pub use self::census::CensusEntry;
pub use self::consumers::{
    Ahead, ChangedRow, Checkpoint, CheckpointId, Condition, ConsumerKind, ConsumerStore,
    ConsumerTransaction, Delivery, DeliveryQuery, DeliveryState, DiffQuery, FeedPlace, Filter,
    LastFed, Leased, Locked, LogCount, Offset, Operator, Order, RelayRecord, Role, RowQuery,
    RowsRead, TableDiff, Totals, Wait, WaitingEvent, physical_name,
};
pub use self::diagnosis::{Diagnosis, Holder, SnapshotUse, TableSize};
pub use self::identity::Identity;
pub use self::read::{LogPage, LogQuery, Snapshot, SnapshotRead, StreamQuery, StreamRead};

/// A store of events: one log, many streams.
///
/// Each sentence below is a promise, and a test of that name in
/// `rehydrate::store_contract!`, which every store runs.
///
/// Appending:
/// - An append is all or nothing.
/// - Events get consecutive versions.
/// - An empty append writes nothing.
/// - A stale expected version is a conflict that names the actual version, and writes nothing.
/// - An unexpected stream is a conflict.
/// - Of many concurrent creators one wins, and the others get a conflict.
/// - Concurrent appends to one stream leave no hole and no repetition.
/// - Events come back as they were written.
/// - Recorded times never go back within a stream.
/// - An import older than its stream is refused.
///
/// Idempotency keys:
/// - The same idempotency key commits once.
/// - The same idempotency key commits once under concurrency.
/// - A repetition returns the first outcome even if its expected version is stale.
/// - A key used for another command is refused.
/// - A failed append does not use up its key.
///
/// Reading a stream:
/// - A missing stream reads as empty.
/// - A read ends at the asked version.
/// - A read ends at the asked time.
/// - A long stream is read in pages, in order, without a hole.
/// - Streams are told apart by category and by every byte of their id.
///
/// Snapshots:
/// - A read begins after the newest usable snapshot.
/// - A snapshot later than asked is not used.
/// - A snapshot of another fingerprint is reported and not used.
/// - A snapshot only moves forward.
///
/// Reading the log:
/// - Positions increase in the order of the log.
/// - The log never repeats and never skips.
/// - The log yields each stream in version order.
/// - The log can be read by categories.
/// - A reader who follows writers sees every event once.
/// - Nothing above the watermark is read.
/// - Streams are listed once each, in order.
/// - A census counts every type and version of every category, in order.
/// - An open transaction is not in the census.
///
/// Transactions:
/// - A transaction commits all of its appends.
/// - A dropped transaction leaves nothing behind.
/// - A transaction reads its own appends.
/// - Nobody else reads an open transaction's appends.
/// - After-commit actions run after a commit only.
/// - A refused append leaves the transaction usable.
/// - A dropped append is there with its key or not at all.
/// - A transaction has an identity of its own and that of its store.
///
/// Running:
/// - An import keeps positions, versions, times and ids.
/// - An import goes on after the log and not inside it.
/// - An append after an import comes after it.
/// - A wait for what is there returns at once.
/// - An append ends a wait.
/// - A diagnosis shows how far the log is and what is in it.
///
/// Stores on disk promise one thing more, shown by killing their process: what was acknowledged is
/// there afterwards.
#[async_trait]
pub trait EventStore: Debug + Send + Sync + 'static {
    /// What tells this store from others of the process; that of its clones is the same.
    fn identity(&self) -> Identity;

    /// Adds events to the end of a stream.
    ///
    /// # Errors
    /// [`StoreError::Conflict`]: load the stream again and decide again.
    /// [`StoreError::Unavailable`]: try again. [`StoreError::OutcomeUnknown`]: try again if the
    /// batch has an idempotency key, otherwise look first. Anything else wants a person.
    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError>;

    /// Reads a stream: the newest usable snapshot, then the events after it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: try again. Anything else wants a person.
    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError>;

    /// Reads a page of the log.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError>;

    /// The highest position at or below which nothing can appear any more.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn watermark(&self) -> Result<Position, StoreError>;

    /// Lists the ids of a category's streams in byte order: at most `limit` of them, after `after`.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// Counts the events of every type and schema version, in the byte order of category and type:
    /// what a program that is to be deployed has to be able to read.
    ///
    /// It reads the whole log, in memory that does not grow with the number of events. What commits
    /// meanwhile may be counted or not. A store whose database can count does better than what is
    /// written here, which goes through the log page by page.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        census::walk(self).await
    }

    /// Keeps a snapshot, unless the stream has one of a later version.
    ///
    /// # Errors
    /// The snapshot is not kept. Nothing else is lost, so a warning is enough.
    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError>;

    /// Writes events of another log as they are, positions and all: for `rehydrate::copy`.
    ///
    /// # Errors
    /// [`StoreError::NotAfterTheLog`]: the log has events at or above the first position already;
    /// nothing was written. Otherwise as for [`EventStore::append`].
    async fn import(&self, page: &Page) -> Result<(), StoreError>;

    /// Returns when the log may have something after a position, or after `at_most`.
    ///
    /// It is a hint: whoever is woken asks the log, and whoever is not asks it after `at_most`.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError>;

    /// Looks at what a person needs to know when the store is slow.
    ///
    /// It may take a while on a large store, but holds nobody up.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn diagnose(&self) -> Result<Diagnosis, StoreError>;

    /// Begins a transaction over any number of streams.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: try again.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// What the store keeps for projections and reactors, if it can.
    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        None
    }
}

/// Appends to several streams that are committed together or not at all.
///
/// Dropping it without a commit rolls it back.
#[async_trait]
pub trait Transaction: Debug + Send {
    /// What tells this transaction from others of the process.
    fn identity(&self) -> Identity;

    /// The identity of the store that began it.
    fn store(&self) -> Identity;

    /// As [`EventStore::append`], seen by this transaction alone until it commits.
    ///
    /// # Errors
    /// As for [`EventStore::append`]. After a [`StoreError::Conflict`], [`StoreError::KeyReused`] or
    /// [`StoreError::TimeReversed`] the transaction goes on without this append; after any other
    /// error, and after a call that was dropped before its end, it can only be rolled back.
    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError>;

    /// As [`EventStore::read`], with the transaction's own appends.
    ///
    /// # Errors
    /// As for [`EventStore::read`].
    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError>;

    /// What the store keeps for projections and reactors, if it can.
    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        None
    }

    /// Sets something to be done once the transaction has committed.
    fn after_commit(&mut self, action: AfterCommit);

    /// Makes everything permanent.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`]: it may have happened. After any other error nothing has.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;

    /// Takes everything back.
    ///
    /// # Errors
    /// The connection is lost; the database takes everything back by itself.
    async fn rollback(self: Box<Self>) -> Result<(), StoreError>;
}

/// Something to be done after a commit.
pub type AfterCommit = Pin<Box<dyn Future<Output = ()> + Send>>;
