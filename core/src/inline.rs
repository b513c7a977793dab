//! Projections that are kept in the transaction of the append.

mod transaction;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Appended, Batch, CensusEntry, ConsumerStore, Diagnosis, EventStore, Expected, Identity,
    LogPage, LogQuery, Page, Position, Role, Snapshot, StoreError, StreamId, StreamQuery,
    StreamRead, Transaction,
};

use crate::clock::{Clock, SystemClock};
use crate::projection::{AnyProjection, Erased, Projection};
use crate::runner::{consumers, new_build};

pub use self::transaction::InlineTransaction;

/// A store that keeps projections in the transaction of each append.
///
/// Whoever reads the rows after a command finds the command in them, without waiting. Nothing else
/// changes: it is the same projection, with the same table and the same checkpoint, and a
/// [`Runner`](crate::Runner) that runs it too takes over whatever is appended past this store. Run
/// one somewhere: it also moves the checkpoint on.
///
/// ```
/// # use rehydrate::{Aggregate, Inline, MemoryStore, Projection, Repository, Runner};
/// # async fn show<A: Aggregate, P: Projection + Clone>(balances: P)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// let running = Runner::new(store.clone()).projection(balances.clone()).start().await?;
/// let payments: Repository<A> = Repository::new(Inline::new(store).projection(balances));
/// # Ok(())
/// # }
/// ```
///
/// It has a price: the appends of all streams of which a projection reads stand in one line, from
/// before the append until after the commit. Use it where a wait of milliseconds
/// ([`wait_for`](crate::wait_for)) is not good enough. An event that the projection cannot take
/// parks its stream, as in a runner; the command is not concerned. While a rebuild is swapped in,
/// the rows of the last moments may be missing until a runner has taken them.
pub struct Inline<S> {
    store: S,
    kept: Arc<Vec<Arc<Kept>>>,
    clock: Arc<dyn Clock>,
    /// Whoever appends: they would wait for each other's locks anyway, each with a connection.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A projection, and what is known of its live build.
pub(crate) struct Kept {
    projection: Arc<dyn AnyProjection>,
    live: Mutex<Option<Live>>,
}

#[derive(Clone, Copy)]
struct Live {
    build: u32,
    shards: u32,
}

impl<S: EventStore> Inline<S> {
    /// A store that keeps no projection yet.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self {
            store,
            kept: Arc::default(),
            clock: Arc::new(SystemClock),
            turn: Arc::default(),
        }
    }

    /// Keeps a projection with every append that concerns it.
    #[must_use]
    pub fn projection<P: Projection>(self, projection: P) -> Self {
        let mut kept = self.kept.to_vec();
        kept.push(Arc::new(Kept {
            projection: Arc::new(Erased::new(projection)),
            live: Mutex::default(),
        }));
        // Everybody locks in the same order.
        kept.sort_by_key(|kept| kept.projection.definition().name);
        Self {
            kept: Arc::new(kept),
            ..self
        }
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A transaction of the store's own type, so that its appends keep the projections too.
    ///
    /// What this store has not appended to yet is left to the runner: a store with one writer could
    /// not be asked for it while the transaction is open.
    pub fn within<T: Transaction>(&self, transaction: T) -> InlineTransaction<T> {
        InlineTransaction::new(transaction, Arc::clone(&self.kept), Arc::clone(&self.clock))
    }

    async fn begin_inline(&self) -> Result<InlineTransaction<Box<dyn Transaction>>, StoreError> {
        // Before the transaction: in a store with one writer it would wait for itself.
        for kept in self.kept.iter() {
            kept.look_up(&self.store, &*self.clock).await?;
        }
        Ok(self.within(self.store.begin().await?))
    }
}

impl Kept {
    fn concerns(&self, category: &str) -> bool {
        let wanted = &self.projection.definition().categories;
        wanted.iter().any(|name| name == category)
    }

    fn live(&self) -> Option<Live> {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The build has another role by now; the next transaction looks again.
    fn forget(&self) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Finds the live build, if it is of this definition; a new projection gets its first one.
    async fn look_up(&self, store: &impl EventStore, clock: &dyn Clock) -> Result<(), StoreError> {
        if self.live().is_some() {
            return Ok(());
        }
        let definition = self.projection.definition();
        let kept = consumers(store)?;
        let mut all = kept.checkpoints(Some(definition.name)).await?;
        if all.is_empty() {
            let first = new_build(definition, 1, Role::Live, clock.now());
            kept.create_build(&first).await?;
            all = kept.checkpoints(Some(definition.name)).await?;
        }
        all.retain(|found| found.role == Role::Live && definition.made(found));
        let live = all.first().map(|first| Live {
            build: first.id.build,
            shards: u32::try_from(all.len()).unwrap_or(u32::MAX),
        });
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
        Ok(())
    }
}

impl<S: Clone> Clone for Inline<S> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            kept: Arc::clone(&self.kept),
            clock: Arc::clone(&self.clock),
            turn: Arc::clone(&self.turn),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Inline<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.kept.iter();
        let names: Vec<_> = names
            .map(|kept| kept.projection.definition().name)
            .collect();
        f.debug_struct("Inline")
            .field("store", &self.store)
            .field("projections", &names)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: EventStore> EventStore for Inline<S> {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        let is_concerned = self
            .kept
            .iter()
            .any(|kept| kept.concerns(stream.category()));
        if !is_concerned || batch.events.is_empty() {
            return self.store.append(stream, expected, batch).await;
        }
        let _turn = self.turn.lock().await;
        let mut transaction = self.begin_inline().await?;
        match transaction.append(stream, expected, batch).await {
            Ok(appended) => {
                Box::new(transaction).commit().await?;
                Ok(appended)
            }
            Err(StoreError::BadRow { table, source }) => {
                Box::new(transaction).rollback().await?;
                tracing::warn!(%stream, table, error = %source, "left to the runner");
                // The command is not to blame; a runner finds out which event is.
                self.store.append(stream, expected, batch).await
            }
            Err(error) => {
                Box::new(transaction).rollback().await?;
                Err(error)
            }
        }
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.store.read(query).await
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.store.read_log(query).await
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        self.store.watermark().await
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.store.list_streams(category, after, limit).await
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        self.store.census().await
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.store.write_snapshot(stream, snapshot).await
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        self.store.import(page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        self.store.wait_past(position, at_most).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        self.store.diagnose().await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin_inline().await?))
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        self.store.consumers()
    }
}
