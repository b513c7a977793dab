//! A projection in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rehydrate_port::{EventStore, Page, Position, StoreError, StoredEvent};

use crate::error::whole_text;
use crate::projection::{Definition, KeyOf, Prepared, Projection, RowMap, kept_key};
use crate::runner::Pages;

/// So many events at a time, the next ones on their way meanwhile.
const PAGE: usize = 4_000;

/// The rows of a projection, folded and kept in memory.
///
/// For tests, and for models that are small enough to be folded anew when the program starts: the
/// same definition, without a table. A clone is the same view.
///
/// ```
/// # use rehydrate::{InMemory, MemoryStore, Projection, ReadModel};
/// # async fn show<P: Projection>(store: MemoryStore, balances: P, key: <P::Row as ReadModel>::Key)
/// #     -> Result<(), Box<dyn std::error::Error>> {
/// let view = InMemory::new(store, balances);
/// view.refresh().await?;
/// let row = view.get(&key);
/// # Ok(())
/// # }
/// ```
pub struct InMemory<P: Projection> {
    store: Arc<dyn EventStore>,
    projection: Arc<P>,
    definition: Definition,
    folded: Arc<RwLock<Folded<P>>>,
    /// Held by whoever reads the log.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct Folded<P: Projection> {
    rows: RowMap<P>,
    position: Position,
    /// What is wrong with the streams that wait.
    parked: BTreeMap<String, String>,
}

impl<P: Projection> InMemory<P> {
    /// A view that has not read anything yet.
    #[must_use]
    pub fn new(store: impl EventStore, projection: P) -> Self {
        Self {
            store: Arc::new(store),
            projection: Arc::new(projection),
            definition: Definition::of::<P>(),
            folded: Arc::new(RwLock::new(Folded {
                rows: RowMap::default(),
                position: Position::ZERO,
                parked: BTreeMap::new(),
            })),
            turn: Arc::default(),
        }
    }

    /// Folds what has happened since the last time, and returns how far that is.
    ///
    /// An event that the projection cannot take parks its stream, as in a table.
    ///
    /// # Errors
    /// The log cannot be read; what was folded so far is kept.
    pub async fn refresh(&self) -> Result<Position, StoreError> {
        let _turn = self.turn.lock().await;
        let query = self.definition.query(self.position(), PAGE);
        let mut pages = Pages::new(Arc::clone(&self.store), query);
        loop {
            let page = pages.after(self.position()).await?;
            let mut folded = self.folded.write().unwrap_or_else(PoisonError::into_inner);
            folded.take(&self.projection, &page.events);
            folded.position = page.read_to;
            if page.read_to >= page.watermark {
                return Ok(page.read_to);
            }
        }
    }

    /// The row with this key.
    #[must_use]
    pub fn get(&self, key: &KeyOf<P>) -> Option<P::Row> {
        let key = kept_key::<P>(key.clone()).ok()?;
        self.read(|folded| folded.rows.get(&key).cloned())
    }

    /// All rows, by key.
    #[must_use]
    pub fn rows(&self) -> Vec<P::Row> {
        self.read(|folded| {
            let sorted: BTreeMap<&KeyOf<P>, &P::Row> = folded.rows.iter().collect();
            sorted.into_values().cloned().collect()
        })
    }

    /// Every event up to here is in the rows.
    #[must_use]
    pub fn position(&self) -> Position {
        self.read(|folded| folded.position)
    }

    /// The streams that wait because one of their events has failed, with what was wrong.
    #[must_use]
    pub fn parked(&self) -> BTreeMap<String, String> {
        self.read(|folded| folded.parked.clone())
    }

    fn read<T>(&self, look: impl FnOnce(&Folded<P>) -> T) -> T {
        look(&self.folded.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<P: Projection> Folded<P> {
    fn take(&mut self, projection: &P, page: &Page) {
        let stream = |stored: &StoredEvent<'_>| format!("{}/{}", stored.category, stored.stream_id);
        for stored in page.iter() {
            if !self.parked.is_empty() && self.parked.contains_key(&stream(&stored)) {
                continue;
            }
            let taken = Prepared::new(projection, stored)
                .and_then(|event| self.rows.apply(projection, &event));
            if let Err(error) = taken {
                self.parked.insert(stream(&stored), whole_text(&*error));
            }
        }
        self.rows.take_changed();
    }
}

impl<P: Projection> Clone for InMemory<P> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            projection: Arc::clone(&self.projection),
            definition: self.definition.clone(),
            folded: Arc::clone(&self.folded),
            turn: Arc::clone(&self.turn),
        }
    }
}

impl<P: Projection> fmt::Debug for InMemory<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory")
            .field("projection", &self.definition.name)
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
