//! Event-sourced aggregates: what happened is stored, and the state is brought back by replaying it.
//!
//! An event enum says what can happen, an aggregate folds it into a state and decides on that
//! state, a repository loads, decides and appends:
//!
//! ```
//! use rehydrate::{Aggregate, Event, MemoryStore, Repository};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Event, Serialize, Deserialize)]
//! enum LampEvent { SwitchedOn, SwitchedOff }
//!
//! #[derive(Aggregate, Default)]
//! #[aggregate(id = String, event = LampEvent)]
//! struct Lamp { is_on: bool }
//!
//! impl ApplyLampEvent for Lamp {
//!     fn switched_on(&mut self) { self.is_on = true; }
//!     fn switched_off(&mut self) { self.is_on = false; }
//! }
//!
//! impl Lamp {
//!     fn switch_on(&self) -> Result<Option<LampEvent>, std::convert::Infallible> {
//!         Ok((!self.is_on).then_some(LampEvent::SwitchedOn))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let lamps: Repository<Lamp> = Repository::new(MemoryStore::new());
//! let desk = "desk".to_owned();
//! let lamp = lamps.execute(&desk, Lamp::switch_on).await?;
//! assert!(lamp.is_on);
//! # Ok(())
//! # }
//! ```
//!
//! - The domain: [`derive(Event)`](macro@Event), [`derive(Aggregate)`](macro@Aggregate),
//!   [`derive(AggregateId)`](macro@AggregateId), [`derive(Describe)`](macro@Describe), [`Upcast`].
//! - Read models: [`Projection`], [`derive(ReadModel)`](macro@ReadModel),
//!   [`derive(EventSet)`](macro@EventSet), [`Rows`], [`Inline`], [`InMemory`].
//! - Effects on the outside world: [`Reactor`].
//! - From a message broker instead of the log: [`Feed`].
//! - Running them, and looking after them: [`Runner`], [`wait_for()`], [`Operations`],
//!   [`telemetry`].
//! - Replay: [`Rebuild`] and [`Replay`]; on a copy, [`copy()`] and [`UpcastCopy`].
//! - Before a deploy: [`EventStore::census`] and [`VerifyLog`].
//! - Working with aggregates: [`Repository`], [`Root`], [`Committed`], [`CommandContext`],
//!   [`Retry`].
//! - Where events are kept: [`EventStore`] and its promises, [`MemoryStore`], and the SQL stores of
//!   `rehydrate-sqlx`.
//! - Changing events: [`evolution`], a guide with recipes; [`schema`], the net under it.
//! - Tests: [`testing`], [`ManualClock`], [`store_contract!`].
//!
//! Features: `testing` (default) is the test kit and the contract suite, `lock` (within it) is
//! [`schema::check!`], `cache` keeps states in memory between commands, `metrics` tells the recorder
//! of the `metrics` crate how projections and reactors fare; `rust_decimal`, `time` and `url`
//! describe the types of those crates.

// The derive macros write `::rehydrate::…`, in this crate's own tests too.
extern crate self as rehydrate;

mod aggregate;
mod broker;
#[cfg(feature = "testing")]
pub mod broker_contract;
mod clock;
mod command;
#[cfg(feature = "testing")]
pub mod contract;
mod copy;
mod error;
mod event;
mod event_set;
#[doc = include_str!("../docs/evolution.md")]
pub mod evolution {}
mod feed;
mod inline;
mod memory;
mod operate;
mod projection;
mod publish;
mod reactor;
mod read_model;
mod rebuild;
mod relay;
mod repository;
mod rows;
mod runner;
pub mod schema;
mod source;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod upcast;
mod verify_log;
mod view;

#[doc(hidden)]
pub mod __private;

pub use aggregate::{Aggregate, AggregateId, ApplyTo, InvalidId, SnapshotPolicy};
pub use broker::{MemoryBroker, MemoryTopic};
pub use clock::{Clock, ManualClock, SystemClock};
pub use command::CommandContext;
pub use copy::{
    Checksum, CopyError, CopyProgress, CopyReport, UpcastCopy, UpcastCopyError, UpcastCount,
    UpcastDifference, UpcastFate, UpcastProgress, UpcastReport, checksum, copy,
};
pub use error::EncodeError;
pub use event::{Decoded, DecodedEvents, Event, IntoEvents};
pub use event_set::{EventSet, EventsOf, Recorded};
pub use feed::{Fed, Feed, FeedError, Feeding, Unreadable, Until, Window};
pub use inline::{Inline, InlineTransaction};
pub use memory::{MemoryStore, MemoryTransaction};
pub use operate::{BuildStatus, ConsumerStatus, OperationError, Operations, Rewind, RewindTo};
pub use projection::{EventOf, Projection, RowScope};
pub use publish::{CloudEvent, EnvelopeError, Message, PublishError, Publisher};
pub use reactor::{Attempt, Failure, Reaction, Reactor, Retries, Start};
pub use read_model::ReadModel;
pub use rebuild::{
    BuildPosition, Built, Diff, DiffRow, Old, Plan, Progress, Rebuild, RebuildError, Refolded,
    Replay, ReplayError, Swapped, Verified, WrongRow,
};
pub use rehydrate_macros::{Aggregate, AggregateId, Event, EventSet, ReadModel};
#[doc(inline)]
pub use rehydrate_port::{
    AfterCommit, Ahead, Appended, Batch, BoxError, CensusEntry, ChangedRow, Checkpoint,
    CheckpointId, Column, ColumnKind, ColumnType, Command, CommittedCommand, Condition,
    ConsumerKind, ConsumerStore, ConsumerTransaction, DecodeError, DecodeProblem, Delivery,
    DeliveryQuery, DeliveryState, Diagnosis, DiffQuery, ErrorKind, EventAddress, EventRow,
    EventStore, Expected, FeedPlace, Filter, Fingerprint, Holder, Identity, InvalidStreamId,
    LastFed, Leased, Locked, LogCount, LogPage, LogQuery, Metadata, NewEvent, Offset, Operator,
    Order, Outcome, Page, Position, RecordedTime, RelayRecord, Role, RowQuery, RowsRead,
    SchemaVersion, Snapshot, SnapshotRead, SnapshotUse, StoreError, StoredEvent, StreamId,
    StreamQuery, StreamRead, Table, TableDiff, TableSize, Totals, Transaction, Version, Wait,
    WaitingEvent, physical_name,
};
pub use relay::{Outgoing, Relay};
#[cfg(feature = "cache")]
pub use repository::{Cache, Staleness};
pub use repository::{
    Committed, ExecuteError, HistoryEntry, InvalidCommand, LoadError, Replayed, Repository, Retry,
    Root, SaveError, SnapshotCheck,
};
pub use rows::{Rows, RowsError, Selected, Selection, Total};
pub use runner::{RunError, Runner, Running, Upgrade, WaitError, wait_for};
pub use schema::Describe;
pub use source::{Begin, Reader, Received, ReceivedMessage, Source, SourceError};
pub use upcast::Upcast;
pub use verify_log::{
    UnreadableEvent, VerifiedLog, VerifiedType, VerifyLog, VerifyLogError, VerifyLogProgress,
};
pub use view::InMemory;
