//! The port to a database: what an event store for `rehydrate` implements, and what goes through it.
//!
//! An application uses `rehydrate`, which has all of this under its own name, and a store such as
//! those of `rehydrate-sqlx`. Whoever writes a store needs this crate alone, implements
//! [`EventStore`], and runs the promises as tests: `rehydrate::store_contract!`.

mod contract;
mod error;
mod fingerprint;
mod metadata;
mod page;
mod store;
mod stream;
mod table;

pub use self::contract::ContractStore;
pub use self::error::{BoxError, DecodeError, DecodeProblem, ErrorKind, EventAddress, StoreError};
pub use self::fingerprint::Fingerprint;
pub use self::metadata::Metadata;
pub use self::page::{EventRow, Page, StoredEvent};
pub use self::store::{
    AfterCommit, Ahead, Appended, Batch, CensusEntry, ChangedRow, Checkpoint, CheckpointId,
    Command, CommittedCommand, Condition, ConsumerKind, ConsumerStore, ConsumerTransaction,
    Delivery, DeliveryQuery, DeliveryState, Diagnosis, DiffQuery, EventStore, FeedPlace, Filter,
    Holder, Identity, LastFed, Leased, Locked, LogCount, LogPage, LogQuery, NewEvent, Offset,
    Operator, Order, Outcome, RecordedTime, RelayRecord, Role, RowQuery, RowsRead, Snapshot,
    SnapshotRead, SnapshotUse, StreamQuery, StreamRead, TableDiff, TableSize, Totals, Transaction,
    Wait, WaitingEvent, physical_name,
};
pub use self::stream::{Expected, InvalidStreamId, Position, SchemaVersion, StreamId, Version};
pub use self::table::{Column, ColumnKind, ColumnType, Table};
