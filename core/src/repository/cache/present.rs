//! States kept in memory, by moka.

use rehydrate_port::{StreamId, Version};

use crate::aggregate::Aggregate;
use crate::repository::Repository;
use crate::repository::folded::{Folded, Replayed};

/// Keeps the states of the aggregates used last, so that a command need not load them.
///
/// ```
/// use rehydrate::{Cache, Staleness};
///
/// let cache = Cache::of(10_000).with_staleness(Staleness::AnyCached);
/// # let _ = cache;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cache {
    states: u64,
    staleness: Staleness,
}

/// How old a cached state may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// Not at all: newer events are read first, which is one small read.
    Latest,
    /// As old as it is: nothing is read. A load may return a past state. A command is safe: the
    /// version check of its append finds newer events, and a refusal, or a decision without events,
    /// is made again on the latest state before it counts.
    AnyCached,
}

impl Cache {
    /// At most this many states, [`Staleness::Latest`].
    #[must_use]
    pub fn of(states: u64) -> Self {
        Self {
            states,
            staleness: Staleness::Latest,
        }
    }

    /// Says how old a cached state may be.
    #[must_use]
    pub fn with_staleness(mut self, staleness: Staleness) -> Self {
        self.staleness = staleness;
        self
    }
}

impl<A: Aggregate + Clone> Repository<A> {
    /// Keeps states in memory between commands. Clones of the repository share the cache.
    #[must_use]
    pub fn with_cache(mut self, cache: Cache) -> Self {
        self.clone = A::clone;
        self.shelf = Shelf(Some((
            moka::sync::Cache::new(cache.states),
            cache.staleness,
        )));
        self
    }
}

pub(in crate::repository) struct Shelf<A: Aggregate>(
    Option<(moka::sync::Cache<StreamId, Folded<A>>, Staleness)>,
);

impl<A: Aggregate> Shelf<A> {
    pub(in crate::repository) fn none() -> Self {
        Self(None)
    }

    pub(in crate::repository) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(in crate::repository) fn may_be_stale(&self) -> bool {
        matches!(self.0, Some((_, Staleness::AnyCached)))
    }

    pub(in crate::repository) fn get(&self, stream: &StreamId) -> Option<Folded<A>> {
        self.0.as_ref()?.0.get(stream)
    }

    /// Keeps a state, unless a newer one of the stream is kept already.
    pub(in crate::repository) fn put(&self, folded: &Folded<A>) {
        let Some((cache, _)) = &self.0 else { return };
        if folded.version == Version::ZERO {
            // Whoever asks for what does not exist is not to fill the cache.
            return;
        }
        let kept = Folded {
            replayed: Replayed::default(),
            ..folded.clone()
        };
        cache
            .entry_by_ref(&folded.stream)
            .and_upsert_with(|old| match old {
                Some(old) if old.value().version > kept.version => old.into_value(),
                _ => kept,
            });
    }

    pub(in crate::repository) fn forget(&self, stream: &StreamId) {
        if let Some((cache, _)) = &self.0 {
            cache.invalidate(stream);
        }
    }
}

impl<A: Aggregate> Clone for Shelf<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
