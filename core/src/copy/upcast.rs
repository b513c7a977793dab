//! A log, copied as today's program would have written it.

mod comparing;
mod json;
mod report;
mod rewriting;
mod target;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use rehydrate_port::{EventStore, Page, Position, StoreError, StoredEvent, StreamId};

use self::comparing::{Compared, Sides};
use self::report::Counts;
pub use self::report::{
    UpcastCopyError, UpcastCount, UpcastDifference, UpcastFate, UpcastProgress, UpcastReport,
};
use self::rewriting::{AnyAggregate, Numbers, Rows, Typed, rows_of};
use self::target::Target;
use super::read_page;
use crate::aggregate::Aggregate;

/// So many names of streams are read at once.
const NAMES: usize = 1_000;
/// So many streams are folded at once.
const STREAMS: usize = 4;
/// So many streams that differ are shown with their states.
const SHOWN: usize = 100;

/// Copies a log into another store as today's program would have written it, and verifies it.
///
/// Old schema versions and old names are gone in the copy, so the types of old payloads, their
/// upcasts and aliases can leave the code. (A `_` for each old version stays in `history`, because
/// today's version keeps its number.) The old store is only read. [`copy`](crate::copy()) is for a
/// copy of what is stored.
///
/// ```
/// # use rehydrate::{Aggregate, MemoryStore, UpcastCopy};
/// # use serde::Serialize;
/// # async fn show<Fine: Aggregate + Serialize, Driver: Aggregate + Serialize>(
/// #     old: MemoryStore, new: MemoryStore,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let copy = UpcastCopy::new().aggregate::<Fine>().aggregate::<Driver>();
/// let report = copy.run(&old, &new, |progress| eprintln!("{progress}")).await?;
/// println!("{} events, {} states are the same", report.target, report.streams);
/// for kept in report.kept() {
///     println!("the program still needs {kept}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// **In place**, which is the default, an event that is exactly one of today's events is written
/// with today's type, schema version and encoding. Its position, version, id, time and metadata
/// stay, so checkpoints, the versions that clients remember and links by position stay right. A
/// retired event, or one that is today none or several, cannot be rewritten without moving
/// versions: it is copied as it is stored, and [the report](UpcastReport::kept) says which
/// `retired` and `legacy` attributes the program has to keep. So is an event that the enum tolerates
/// with `other`.
///
/// **[Renumbered](Self::renumber)**, nothing of the past is left, but positions and versions are
/// others.
///
/// An event that has today's type and version already is copied byte for byte. Upcasts see the
/// event as the source has it, never one that they have made. Whatever is written was read back
/// from its own encoding before.
///
/// The copy goes as far as the watermark was when it began. Calling it again copies what has come
/// since, and goes on after an interruption: it compares what the target has with what it would
/// write itself, which is one read of both, and goes on after it.
///
/// It begins with a [census](EventStore::census) of the source, which may hold nothing that is
/// unknown here. At the end every aggregate is folded from both stores, and the states are compared
/// as JSON, with their versions if those were kept. That is one more read of both; memory does not
/// grow with the number of events. Aggregates whose JSON is not the same each time, as that of a
/// `HashSet`, are compared without regard to the order in arrays.
///
/// Pages are read, rewritten and written one after the other: what a page becomes depends on the
/// numbers that the one before has used, and a copy is bound by the writing.
///
/// Snapshots, idempotency keys and read models are not part of the log and are not copied. The
/// target is to be written by nobody else until the copy is done.
#[derive(Clone, Default)]
#[must_use = "nothing is copied before `run`"]
pub struct UpcastCopy {
    aggregates: BTreeMap<&'static str, Arc<dyn AnyAggregate>>,
    is_renumbered: bool,
}

impl UpcastCopy {
    /// A copy that knows no aggregates yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies the events of an aggregate. All whose events are in the source have to be named.
    pub fn aggregate<A: Aggregate + serde::Serialize>(mut self) -> Self {
        self.aggregates
            .insert(A::CATEGORY, Arc::new(Typed::<A>::new()));
        self
    }

    /// Leaves retired events out, writes each part of a split event as one of its own, and counts
    /// positions and the versions of each stream anew, from 1 without holes.
    ///
    /// Positions and versions of the copy are not those of the source: consumers start anew, and
    /// the versions that clients remember are void. The first part keeps the id of the event; the
    /// others get one that is made of it and of the number of the part, so that a repetition writes
    /// the same.
    ///
    /// Of each stream with events that were left out or split, 40 bytes are kept in memory.
    pub fn renumber(mut self) -> Self {
        self.is_renumbered = true;
        self
    }

    /// Whether no aggregate has been named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.aggregates.is_empty()
    }

    /// Copies what the target does not have yet, and compares the states of all aggregates.
    ///
    /// `progress` is called after each page and each stream.
    ///
    /// # Errors
    /// [`UpcastCopyError::UnknownCategories`]: name their aggregates; nothing was written.
    /// [`UpcastCopyError::NotThisCopy`]: copy into an empty store; nothing was written.
    /// [`UpcastCopyError::Decode`], [`UpcastCopyError::Encode`] and
    /// [`UpcastCopyError::NotReadBack`] name an event: mend the program, and call it again.
    /// [`UpcastCopyError::Different`]: do not use the copy; the report says which streams differ.
    /// [`UpcastCopyError::Store`]: call it again if the error's kind says so.
    pub async fn run(
        &self,
        from: &dyn EventStore,
        to: &dyn EventStore,
        mut progress: impl FnMut(UpcastProgress) + Send,
    ) -> Result<UpcastReport, UpcastCopyError> {
        let until = from.watermark().await?;
        self.refuse_unknown(from, until).await?;
        let (target, counts) = self.write(from, to, until, &mut progress).await?;
        let mut report = UpcastReport {
            is_renumbered: self.is_renumbered,
            until,
            written: target.written(),
            source: counts.events(),
            target: target.events(),
            types: counts.into_types(),
            streams: 0,
            differing: 0,
            different: Vec::new(),
        };
        let sides = Sides {
            from,
            from_until: until,
            to,
            to_until: target.end(),
            has_same_versions: !self.is_renumbered,
        };
        for (category, aggregate) in &self.aggregates {
            compare(&sides, category, &**aggregate, &mut report, &mut progress).await?;
        }
        if report.differing == 0 {
            Ok(report)
        } else {
            Err(UpcastCopyError::Different {
                report: Box::new(report),
            })
        }
    }

    /// Refuses a log with events that nobody here can read, before anything is written.
    async fn refuse_unknown(
        &self,
        from: &dyn EventStore,
        until: Position,
    ) -> Result<(), UpcastCopyError> {
        let mut categories: Vec<String> = from
            .census()
            .await?
            .into_iter()
            .filter(|entry| entry.first <= until)
            .map(|entry| entry.category)
            .filter(|category| !self.aggregates.contains_key(&**category))
            .collect();
        categories.dedup();
        if categories.is_empty() {
            Ok(())
        } else {
            Err(UpcastCopyError::UnknownCategories { categories })
        }
    }

    async fn write<'a>(
        &self,
        from: &dyn EventStore,
        to: &'a dyn EventStore,
        until: Position,
        progress: &mut (impl FnMut(UpcastProgress) + Send),
    ) -> Result<(Target<'a>, Counts), UpcastCopyError> {
        let mut target = Target::open(to).await?;
        let mut numbers = self.is_renumbered.then(Numbers::default);
        let mut counts = Counts::default();
        let mut position = Position::ZERO;
        while position < until {
            let page = read_page(from, position, until).await?;
            let (rows, fault) = self.rewrite(&page.events, &mut numbers, &mut counts);
            // What comes before a fault is copied.
            target.take(&rows).await?;
            if let Some(fault) = fault {
                return Err(fault);
            }
            // A log whose end cannot be reached would be asked for ever.
            if page.read_to == position {
                break;
            }
            position = page.read_to.min(until);
            progress(UpcastProgress::Copying {
                written: target.written(),
                position,
                until,
            });
        }
        target.refuse_more().await?;
        Ok((target, counts))
    }

    /// A page of the source as it is to stand in the target, up to an event that cannot be copied.
    fn rewrite(
        &self,
        page: &Page,
        numbers: &mut Option<Numbers>,
        counts: &mut Counts,
    ) -> (Rows, Option<UpcastCopyError>) {
        let mut rows = Rows::default();
        for stored in page {
            match self.rewrite_one(&stored, numbers, &mut rows) {
                Ok(fate) => counts.count(&stored, fate),
                Err(fault) => return (rows, Some(fault)),
            }
        }
        (rows, None)
    }

    fn rewrite_one(
        &self,
        stored: &StoredEvent<'_>,
        numbers: &mut Option<Numbers>,
        rows: &mut Rows,
    ) -> Result<UpcastFate, UpcastCopyError> {
        let Some(aggregate) = self.aggregates.get(stored.category) else {
            // The census was taken after the end of the copy was known, so it has counted it.
            return Err(UpcastCopyError::Store(StoreError::Backend {
                action: "count all events before a copy",
                source: format!("{} is not in the census", stored.address()).into(),
            }));
        };
        let today = aggregate.today(stored)?;
        rows_of(stored, &today, numbers.as_mut(), rows);
        Ok(today.fate(self.is_renumbered))
    }
}

/// Compares the states of all aggregates of a category.
async fn compare(
    sides: &Sides<'_>,
    category: &str,
    aggregate: &dyn AnyAggregate,
    report: &mut UpcastReport,
    progress: &mut (impl FnMut(UpcastProgress) + Send),
) -> Result<(), UpcastCopyError> {
    let mut after: Option<String> = None;
    loop {
        let ids = sides.from.list_streams(category, after.as_deref(), NAMES);
        let ids = ids.await?;
        let Some(last) = ids.last() else {
            return Ok(());
        };
        after = Some(last.clone());
        let streams = ids.iter().map(|id| StreamId::new(category.to_owned(), id));
        let mut compared = stream::iter(streams)
            .map(|stream| async {
                let stream = stream.map_err(unnameable)?;
                aggregate.compare(sides, stream).await
            })
            .buffered(STREAMS);
        while let Some(compared) = compared.next().await {
            match compared? {
                Compared::NotThereYet => continue,
                Compared::Same => {}
                Compared::Different(different) => {
                    report.differing += 1;
                    if report.different.len() < SHOWN {
                        report.different.push(*different);
                    }
                }
            }
            report.streams += 1;
            progress(UpcastProgress::Comparing {
                streams: report.streams,
            });
        }
    }
}

fn unnameable(source: rehydrate_port::InvalidStreamId) -> StoreError {
    StoreError::Backend {
        action: "name the stream of a stored event",
        source: source.into(),
    }
}

impl fmt::Debug for UpcastCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpcastCopy")
            .field("aggregates", &self.aggregates.keys())
            .field("is_renumbered", &self.is_renumbered)
            .finish()
    }
}
