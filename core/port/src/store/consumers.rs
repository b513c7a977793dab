//! What a store keeps for those who read its log: checkpoints, deliveries, tables of read models.

mod feed;
mod query;
mod relay;
mod state;

use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::stream::{Position, StreamId};
use crate::table::Table;

pub use self::feed::{FeedPlace, LastFed, Offset, WaitingEvent};
pub use self::query::{
    ChangedRow, DeliveryQuery, DiffQuery, Filter, LogCount, Operator, Order, RowQuery, RowsRead,
    TableDiff, Totals,
};
pub use self::relay::RelayRecord;
pub use self::state::{
    Ahead, Checkpoint, CheckpointId, Condition, ConsumerKind, Delivery, DeliveryState, Leased,
    Locked, Role, Wait, physical_name,
};

/// The consumers of a store's log, outside of a transaction.
///
/// Each sentence below is a promise, and a test of that name in
/// `rehydrate::store_contract!`:
/// - A build is created once.
/// - A build is created whole by one creator.
/// - A dropped build leaves nothing behind.
/// - Rows come back as they were written.
/// - Rows are read by filter, in order, in parts.
/// - Rows come with the position of their checkpoint.
/// - A diff names what was added, removed and changed.
/// - A lease is given to one and runs out.
/// - Deliveries are found by consumer, state and time.
/// - The events of the log are counted by category.
///
/// In a transaction:
/// - Rows and checkpoint commit together or not at all.
/// - A row that its table cannot hold is a bad row.
/// - A shard forgets only what is noted of itself.
/// - A locked checkpoint is busy for others.
/// - A saved checkpoint has a new revision.
/// - A swap takes effect with its commit.
/// - What was swapped out is kept under its own name.
///
/// For read models that are kept from a source:
/// - A feed commits its place and what it has taken with its rows or not at all.
/// - The last event of each stream is remembered byte for byte.
/// - What waits for its stream comes back as it was, in order.
/// - A build that is behind another one is told.
///
/// For relays:
/// - A relay is remembered as it was with its checkpoint or not at all.
#[async_trait]
pub trait ConsumerStore: Send + Sync {
    /// The checkpoints of a consumer, or of all: by name, build and shard.
    ///
    /// # Errors
    /// As for [`EventStore::read`](super::EventStore::read), here and in the other methods.
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError>;

    /// Makes a build: its table, if it has one, and the checkpoints of all its shards.
    ///
    /// If the build is there already, with these shards or with others, nothing is changed: any
    /// number of programs may ask for it at once, and one of them makes all of it.
    async fn create_build(&self, shards: &[Checkpoint]) -> Result<(), StoreError>;

    /// Removes a build: its table, its checkpoints, its deliveries, what it keeps of a source and
    /// what is kept of a relay. A build that is not there is removed already.
    ///
    /// # Errors
    /// [`StoreError::Backend`] if it is live: that is not what this is for.
    async fn drop_build(&self, consumer: &str, build: u32) -> Result<(), StoreError>;

    /// Deliveries, by position.
    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// How far the builds that are kept from a source have read it, of a consumer or of all: by name
    /// and build.
    async fn feeds(&self, consumer: Option<&str>) -> Result<Vec<FeedPlace>, StoreError>;

    /// Where relays send and how that went, of a consumer or of all: by name and build.
    async fn relays(&self, consumer: Option<&str>) -> Result<Vec<RelayRecord>, StoreError>;

    /// Reads rows of a build's table in one snapshot with its checkpoint.
    async fn select_rows(&self, query: &RowQuery) -> Result<RowsRead, StoreError>;

    /// Counts and adds up what [`ConsumerStore::select_rows`] would read, whatever its limit: the
    /// sum of each of these columns, which are integers.
    async fn total_rows(&self, query: &RowQuery, columns: &[&str]) -> Result<Totals, StoreError>;

    /// Compares two builds of a consumer in one snapshot.
    async fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError>;

    /// How many events there are of some categories, after a position and up to another.
    async fn count_log(&self, count: &LogCount) -> Result<u64, StoreError>;

    /// Gives a checkpoint's lease to `owner` for a time, by the database's clock, if nobody else
    /// has it; to whoever has it already it is given again, with its whole time.
    async fn lease(
        &self,
        id: &CheckpointId,
        owner: &str,
        duration: Duration,
    ) -> Result<Leased, StoreError>;

    /// Takes a lease back, if it is still this owner's.
    async fn release(&self, id: &CheckpointId, owner: &str) -> Result<(), StoreError>;
}

/// The consumers of a store's log, as a part of a [`Transaction`](super::Transaction).
#[async_trait]
pub trait ConsumerTransaction: Send {
    /// Locks a checkpoint until the transaction ends, and reads it.
    ///
    /// # Errors
    /// As for [`EventStore::read`](super::EventStore::read), here and in the other methods. After
    /// an error the transaction can only be rolled back.
    async fn lock(&mut self, id: &CheckpointId, wait: Wait) -> Result<Locked, StoreError>;

    /// Writes a checkpoint that is locked: kind, position, condition and `event_at`, with a revision
    /// that is one higher. Its lease is left alone.
    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// Deliveries, by position, as this transaction sees them.
    async fn deliveries(&mut self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError>;

    /// Writes a delivery, over the one of the same consumer, build and position.
    async fn put_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError>;

    /// Removes a delivery, if there is one.
    async fn remove_delivery(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError>;

    /// The streams of which a shard of a build has taken events beyond its checkpoint.
    async fn ahead(&mut self, id: &CheckpointId) -> Result<Vec<Ahead>, StoreError>;

    /// Notes that a shard of a build has taken a stream's events up to a version, beyond its
    /// checkpoint.
    async fn put_ahead(&mut self, id: &CheckpointId, ahead: &Ahead) -> Result<(), StoreError>;

    /// Forgets what was noted of this shard for positions up to this one. The other shards have
    /// checkpoints of their own, which may stand elsewhere.
    async fn forget_ahead(&mut self, id: &CheckpointId, up_to: Position) -> Result<(), StoreError>;

    /// How far a build has read its source, as this transaction sees it.
    async fn feed(&mut self, consumer: &str, build: u32) -> Result<Option<FeedPlace>, StoreError>;

    /// Notes how far a build has read its source, in place of what was noted before.
    async fn put_feed(&mut self, place: &FeedPlace) -> Result<(), StoreError>;

    /// Where a relay sends and how that went, as this transaction sees it.
    async fn relay(
        &mut self,
        consumer: &str,
        build: u32,
    ) -> Result<Option<RelayRecord>, StoreError>;

    /// Notes where a relay sends and how that went, in place of what was noted before.
    async fn put_relay(&mut self, record: &RelayRecord) -> Result<(), StoreError>;

    /// The last event that a build has taken of each of these streams, in any order; those of which
    /// it has taken none are left out.
    async fn last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        streams: &[StreamId],
    ) -> Result<Vec<LastFed>, StoreError>;

    /// Notes the last event that a build has taken of some streams, each of them once.
    async fn put_last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        last: &[LastFed],
    ) -> Result<(), StoreError>;

    /// Of how many streams `build` has taken a later event than the build `than`.
    async fn fed_further(
        &mut self,
        consumer: &str,
        build: u32,
        than: u32,
    ) -> Result<u64, StoreError>;

    /// The events of a stream that wait in a build, by position: at most `limit` after `after`.
    async fn waiting(
        &mut self,
        consumer: &str,
        build: u32,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<WaitingEvent>, StoreError>;

    /// Keeps an event that waits, in place of the one with the same position.
    async fn put_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        event: &WaitingEvent,
    ) -> Result<(), StoreError>;

    /// Removes an event that has waited, if it is there.
    async fn remove_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError>;

    /// The rows with these keys, as JSON objects, in any order; those that are not there are left
    /// out. A key is a JSON array of the values of the table's key columns.
    async fn read_rows(
        &mut self,
        table: &Table,
        physical: &str,
        keys: &[String],
    ) -> Result<Vec<String>, StoreError>;

    /// Writes rows, JSON objects, over those with the same keys, and removes those with the
    /// removed keys. No key is in it twice.
    async fn write_rows(
        &mut self,
        table: &Table,
        physical: &str,
        rows: &[String],
        removed: &[String],
    ) -> Result<(), StoreError>;

    /// Makes build `next` the live one, whose table gets the live name, and retires build `live`,
    /// whose table gets the name of its build. Both are locked by this transaction.
    ///
    /// It takes effect with the commit. Where a database cannot rename tables in a transaction the
    /// store commits here, and sees to it that whoever comes after a crash in between finds it
    /// done.
    async fn swap(
        &mut self,
        consumer: &str,
        table: &Table,
        live: u32,
        next: u32,
    ) -> Result<(), StoreError>;
}
