//! Event-sourced aggregates.

// The derive macros write `::rehydrate::…`, in this crate's own tests too.
extern crate self as rehydrate;

mod aggregate;
mod clock;
mod command;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod event;
mod memory;
mod metadata;
mod page;
mod repository;
pub mod schema;
mod store;
mod stream;
#[cfg(feature = "testing")]
pub mod testing;
mod upcast;

#[doc(hidden)]
pub mod __private;

pub use aggregate::{Aggregate, AggregateId, ApplyTo, Fingerprint, InvalidId, SnapshotPolicy};
pub use clock::{Clock, ManualClock, SystemClock};
pub use command::CommandContext;
pub use error::{
    BoxError, DecodeError, DecodeProblem, EncodeError, ErrorKind, EventAddress, StoreError,
};
pub use event::{Decoded, Event, IntoEvents};
pub use memory::{MemoryStore, MemoryTransaction};
pub use metadata::Metadata;
pub use page::{EventRow, Page, StoredEvent};
pub use rehydrate_macros::{Aggregate, AggregateId, Event};
#[cfg(feature = "cache")]
pub use repository::{Cache, Staleness};
pub use repository::{
    Committed, ExecuteError, HistoryEntry, InvalidCommand, LoadError, Replayed, Repository, Retry,
    Root, SaveError, SnapshotCheck,
};
pub use store::{
    AfterCommit, Appended, Batch, Command, CommittedCommand, EventStore, LogPage, LogQuery,
    NewEvent, Outcome, RecordedTime, Snapshot, SnapshotRead, StreamQuery, StreamRead, Transaction,
};
pub use stream::{Expected, InvalidStreamId, Position, SchemaVersion, StreamId, Version};
pub use upcast::Upcast;
