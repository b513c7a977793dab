//! A whole log, decoded by this program before it is deployed.

mod report;
mod tally;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, Stream, TryStreamExt as _};
use rehydrate_port::{EventStore, LogPage, LogQuery, Position, SchemaVersion, StoreError};

use self::report::Report;
use self::tally::Tallies;
use crate::aggregate::Aggregate;
use crate::schema::{AnyEvent, Meaning};

pub use self::report::{
    UnreadableEvent, VerifiedLog, VerifiedType, VerifyLogError, VerifyLogProgress,
};

/// A page has at most so many events; a store ends it earlier if they are large.
const PAGE: usize = 5_000;

/// So many pages are decoded while the next one is read.
const IN_FLIGHT: usize = 2;

/// Finds out whether this program can read what is stored, before it is deployed.
///
/// Every event of the log is decoded, and upcast if it is old, by the code that repositories and
/// projections decode it with. Nothing is written. Whatever the log's length, there are a few pages
/// of it in memory, and a line of the report for each type and version.
///
/// ```
/// # use rehydrate::{Aggregate, Event, MemoryStore, VerifyLog};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Event, Serialize, Deserialize)]
/// # enum LampEvent { SwitchedOn }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(id = String, event = LampEvent)]
/// # struct Lamp { is_on: bool }
/// # impl ApplyLampEvent for Lamp { fn switched_on(&mut self) { self.is_on = true; } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// let verified = VerifyLog::new()
///     .aggregate::<Lamp>()
///     .run(&store, |progress| eprintln!("{} of {}", progress.position, progress.until))
///     .await?;
/// for found in verified.by_type.iter().filter(|found| found.failed > 0) {
///     println!("{} of {} `{}`", found.failed, found.events, found.event_type);
/// }
/// assert!(verified.is_fine());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is verified until it is run"]
pub struct VerifyLog {
    /// By category.
    events: Arc<BTreeMap<&'static str, AnyEvent>>,
    after: Position,
    only: Vec<String>,
}

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

impl VerifyLog {
    /// For a program that has no aggregates yet: it cannot read any event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the events of this aggregate's category as the aggregate does.
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        Arc::make_mut(&mut self.events).insert(A::CATEGORY, AnyEvent::of::<A::Event>());
        self
    }

    /// Only the events of these categories; of all if there are none.
    ///
    /// Otherwise an event of a category that no aggregate was named for is one that this program
    /// cannot read.
    pub fn only(mut self, categories: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = categories.into_iter().map(Into::into).collect();
        self
    }

    /// Only the events after this position, such as [`VerifiedLog::read_to`] of an earlier run:
    /// right before a deploy there are only those to verify that have come since.
    pub fn after(mut self, position: Position) -> Self {
        self.after = position;
        self
    }

    /// Whether no aggregate has been named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What a stored type and schema version means to the program; `None` if no aggregate of the
    /// category has been named.
    #[must_use]
    pub fn meaning(
        &self,
        category: &str,
        event_type: &str,
        version: SchemaVersion,
    ) -> Option<Meaning> {
        let event = self.events.get(category)?;
        Some(event.schema().meaning(event_type, version))
    }

    /// Whether the current thread decodes events for a verification just now.
    ///
    /// For a panic hook that has nothing to say about an upcast that panics for each of a million
    /// events: the report holds what the first one said.
    #[must_use]
    pub fn is_decoding() -> bool {
        IS_DECODING.get()
    }

    /// Goes through the log up to where it ends now, or a little further.
    ///
    /// `progress` is called after each page. An upcast that panics is a failure of its event; what
    /// it says goes to the panic hook as well, which writes it to stderr unless it is told
    /// [otherwise](Self::is_decoding).
    ///
    /// # Errors
    /// [`VerifyLogError::AfterTheLog`]: nothing was verified; begin where the log has events.
    /// [`VerifyLogError::Store`]: the log could not be read; try again if the error's kind says so.
    /// Events that cannot be decoded are no error but what is asked for: see
    /// [`VerifiedLog::is_fine`].
    pub async fn run(
        &self,
        store: &dyn EventStore,
        mut progress: impl FnMut(VerifyLogProgress) + Send,
    ) -> Result<VerifiedLog, VerifyLogError> {
        let until = store.watermark().await?;
        // Such a position is of another log, and a log that nobody has looked at is not fine.
        if self.after > until {
            return Err(VerifyLogError::AfterTheLog {
                after: self.after,
                watermark: until,
            });
        }
        let mut report = Report::new(self.after);
        // They come back in the order of the log, so the first failure is the first one.
        let mut tallied = Box::pin(
            self.pages(store, until)
                .map_ok(|page| self.tally(page))
                .try_buffered(IN_FLIGHT),
        );
        while let Some((tallies, read_to)) = tallied.try_next().await? {
            report.add(tallies, read_to);
            progress(report.progress(until));
        }
        Ok(report.into_verified())
    }

    fn pages(
        &self,
        store: &dyn EventStore,
        until: Position,
    ) -> impl Stream<Item = Result<LogPage, StoreError>> + Send {
        stream::try_unfold(self.after, move |position| async move {
            if position >= until {
                return Ok(None);
            }
            let query = LogQuery {
                categories: self.only.clone(),
                limit: PAGE,
                ..LogQuery::after(position)
            };
            let page = store.read_log(&query).await?;
            let read_to = page.read_to;
            Ok((read_to > position).then_some((page, read_to)))
        })
    }

    /// Decodes a page on a thread of its own: the upcasts are the application's, and may be slow.
    fn tally(
        &self,
        page: LogPage,
    ) -> impl Future<Output = Result<(Tallies, Position), StoreError>> + Send + use<> {
        let events = Arc::clone(&self.events);
        let decoded = tokio::task::spawn_blocking(move || {
            IS_DECODING.set(true);
            let tallies = tally::of_page(&events, &page.events);
            IS_DECODING.set(false);
            (tallies, page.read_to)
        });
        async move {
            decoded.await.map_err(|error| StoreError::Backend {
                action: "decode a page of the log",
                source: error.into(),
            })
        }
    }
}
