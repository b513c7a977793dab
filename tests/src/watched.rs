//! A store that writes down what it is asked, and does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use rehydrate::{
    Appended, Batch, CensusEntry, ConsumerStore, Diagnosis, EventStore, Expected, Identity,
    LogPage, LogQuery, Page, Position, Snapshot, StoreError, StreamId, StreamQuery, StreamRead,
    Transaction,
};

/// A store that writes down its calls; each is one round trip in a store that keeps its promise.
#[derive(Clone, Debug)]
pub struct Watched {
    store: Arc<dyn EventStore>,
    notes: Arc<Mutex<Notes>>,
}

#[derive(Default)]
struct Notes {
    calls: Vec<String>,
    before_appends: VecDeque<BoxFuture<'static, ()>>,
    /// Before which of the calls to come, counted down, something is done.
    before: Vec<(usize, &'static str, BoxFuture<'static, ()>)>,
    failing_appends: VecDeque<StoreError>,
    failing_begins: VecDeque<StoreError>,
    /// How many imports are to go well before the one that fails.
    failing_import: Option<(usize, StoreError)>,
    failing_logs: VecDeque<StoreError>,
    failing_snapshots: bool,
    /// Whether the store keeps no consumers once a transaction has begun.
    losing_consumers: bool,
    has_begun: bool,
    left_out_of_the_census: Option<&'static str>,
}

impl std::fmt::Debug for Notes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.calls.fmt(f)
    }
}

impl Watched {
    /// Watches a store.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        Self {
            store,
            notes: Arc::default(),
        }
    }

    /// The calls since this was last asked.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.notes().calls)
    }

    /// Does something just before the next append that has nothing to do yet: a rival, say.
    pub fn before_an_append(&self, action: impl Future<Output = ()> + Send + 'static) {
        self.notes().before_appends.push_back(Box::pin(action));
    }

    /// Does something just before a call, as it is written down: the first to come is 1.
    pub fn before_call(
        &self,
        call: &'static str,
        number: usize,
        action: impl Future<Output = ()> + Send + 'static,
    ) {
        self.notes().before.push((number, call, Box::pin(action)));
    }

    /// Lets the next append that is not failing yet fail before it does anything.
    pub fn fail_an_append(&self, error: StoreError) {
        self.notes().failing_appends.push_back(error);
    }

    /// Lets the next transaction that is not failing yet fail to begin.
    pub fn fail_a_begin(&self, error: StoreError) {
        self.notes().failing_begins.push_back(error);
    }

    /// Lets the next page of the log that is not failing yet fail to be read.
    pub fn fail_a_log(&self, error: StoreError) {
        self.notes().failing_logs.push_back(error);
    }

    /// Lets so many imports go well, and the next one fail before it does anything.
    pub fn fail_an_import_after(&self, imports: usize, error: StoreError) {
        self.notes().failing_import = Some((imports, error));
    }

    /// Lets everything that is asked of consumers outside of a transaction fail, once the next
    /// transaction has begun.
    pub fn lose_consumers_after_a_begin(&self) {
        let mut notes = self.notes();
        (notes.losing_consumers, notes.has_begun) = (true, false);
    }

    /// Lets every snapshot fail from now on.
    pub fn fail_snapshots(&self) {
        self.notes().failing_snapshots = true;
    }

    /// Counts no events of this category from now on.
    pub fn leave_out_of_the_census(&self, category: &'static str) {
        self.notes().left_out_of_the_census = Some(category);
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, call: String) {
        self.notes().calls.push(call);
    }

    /// Notes a call, and does first what is to be done before it.
    async fn reach(&self, call: &'static str) {
        let due = {
            let mut notes = self.notes();
            let mut due = None;
            if let Some(at) = notes.before.iter().position(|it| it.1 == call) {
                notes.before[at].0 -= 1;
                if notes.before[at].0 == 0 {
                    due = Some(notes.before.remove(at).2);
                }
            }
            notes.calls.push(call.to_owned());
            due
        };
        if let Some(action) = due {
            action.await;
        }
    }
}

#[async_trait]
impl EventStore for Watched {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    async fn append(
        &self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.note(format!("append {}", batch.events.len()));
        let action = self.notes().before_appends.pop_front();
        if let Some(action) = action {
            action.await;
        }
        let failure = self.notes().failing_appends.pop_front();
        match failure {
            Some(error) => Err(error),
            None => self.store.append(stream, expected, batch).await,
        }
    }

    async fn read(&self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.note(format!("read after {}", query.after));
        self.store.read(query).await
    }

    async fn read_log(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        self.reach("read log").await;
        let failing = self.notes().failing_logs.pop_front();
        match failing {
            Some(error) => Err(error),
            None => self.store.read_log(query).await,
        }
    }

    async fn watermark(&self) -> Result<Position, StoreError> {
        self.reach("watermark").await;
        self.store.watermark().await
    }

    async fn list_streams(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.note("list streams".to_owned());
        self.store.list_streams(category, after, limit).await
    }

    async fn census(&self) -> Result<Vec<CensusEntry>, StoreError> {
        self.note("census".to_owned());
        let left_out = self.notes().left_out_of_the_census;
        let mut census = self.store.census().await?;
        census.retain(|entry| Some(&*entry.category) != left_out);
        Ok(census)
    }

    async fn write_snapshot(
        &self,
        stream: &StreamId,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        self.note(format!("snapshot at {}", snapshot.version));
        if self.notes().failing_snapshots {
            return Err(unavailable());
        }
        self.store.write_snapshot(stream, snapshot).await
    }

    async fn import(&self, page: &Page) -> Result<(), StoreError> {
        self.note(format!("import {}", page.len()));
        let failing = self.notes().failing_import.take();
        match failing {
            Some((0, error)) => return Err(error),
            Some((left, error)) => self.fail_an_import_after(left - 1, error),
            None => {}
        }
        self.store.import(page).await
    }

    async fn wait_past(&self, position: Position, at_most: Duration) -> Result<(), StoreError> {
        self.note(format!("wait past {position}"));
        self.store.wait_past(position, at_most).await
    }

    async fn diagnose(&self) -> Result<Diagnosis, StoreError> {
        self.note("diagnose".to_owned());
        self.store.diagnose().await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        self.reach("begin").await;
        self.notes().has_begun = true;
        let failing = self.notes().failing_begins.pop_front();
        match failing {
            Some(error) => Err(error),
            None => self.store.begin().await,
        }
    }

    fn consumers(&self) -> Option<&dyn ConsumerStore> {
        let is_lost = {
            let notes = self.notes();
            notes.losing_consumers && notes.has_begun
        };
        self.store.consumers().filter(|_| !is_lost)
    }
}

/// A store that cannot be reached.
#[must_use]
pub fn unavailable() -> StoreError {
    StoreError::Unavailable {
        reason: "a test wants it so".to_owned(),
        source: None,
    }
}
