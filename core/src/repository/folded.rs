//! A state together with how far it has come.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use rehydrate_port::{Page, Position, Snapshot, StoreError, StoredEvent, StreamId, Version};

use super::LoadError;
use crate::aggregate::Aggregate;
use crate::event::{Decoded, Event as _, decode_guarded};

/// What it took to load an aggregate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// The version of the snapshot it began with; 0 without one.
    pub snapshot: Version,
    /// How many stored events were replayed after it.
    pub events: u64,
}

/// A state is shared only with a cache, and a cache is only made for states that can be cloned.
pub(crate) type CloneState<A> = fn(&A) -> A;

pub(crate) fn never_shared<A>(_: &A) -> A {
    unreachable!("BUG: a state is shared although its repository has no cache")
}

pub(crate) struct Folded<A> {
    pub(crate) stream: StreamId,
    pub(crate) state: Arc<A>,
    pub(crate) version: Version,
    pub(crate) position: Position,
    pub(crate) recorded_at: Option<DateTime<Utc>>,
    /// The version of the newest snapshot that can be used, as far as we know.
    pub(crate) snapshot: Version,
    pub(crate) replayed: Replayed,
    pub(crate) clone: CloneState<A>,
}

// By hand, because `A` need not be `Clone`.
impl<A> Clone for Folded<A> {
    fn clone(&self) -> Self {
        Self {
            stream: self.stream.clone(),
            state: Arc::clone(&self.state),
            ..*self
        }
    }
}

impl<A: Aggregate> Folded<A> {
    pub(crate) fn new(stream: StreamId, clone: CloneState<A>) -> Self {
        Self {
            stream,
            state: Arc::default(),
            version: Version::ZERO,
            position: Position::ZERO,
            recorded_at: None,
            snapshot: Version::ZERO,
            replayed: Replayed::default(),
            clone,
        }
    }

    pub(crate) fn begin_with(&mut self, snapshot: &Snapshot, state: A) {
        self.state = Arc::new(state);
        self.version = snapshot.version;
        self.position = snapshot.position;
        self.recorded_at = Some(snapshot.recorded_at);
        self.snapshot = snapshot.version;
        self.replayed.snapshot = snapshot.version;
    }

    pub(crate) async fn take_pages(
        &mut self,
        mut pages: BoxStream<'_, Result<Page, StoreError>>,
    ) -> Result<(), LoadError> {
        while let Some(page) = pages.try_next().await? {
            self.take_page(&page)?;
        }
        Ok(())
    }

    /// Takes the events of a page, under one guard against panics for all of them: one for each
    /// costs as much as a field to decode.
    fn take_page(&mut self, page: &Page) -> Result<(), LoadError> {
        let taken = catch_unwind(AssertUnwindSafe(|| {
            page.iter().try_for_each(|stored| self.take_next(&stored))
        }));
        taken.unwrap_or_else(|panic| {
            let next = self.version.next();
            let stored = page.iter().find(|stored| stored.version == next);
            Err(Self::blame(stored.as_ref(), panic))
        })
    }

    pub(crate) fn take(&mut self, stored: &StoredEvent<'_>) -> Result<(), LoadError> {
        let taken = catch_unwind(AssertUnwindSafe(|| self.take_next(stored)));
        taken.unwrap_or_else(|panic| Err(Self::blame(Some(stored), panic)))
    }

    /// A panic of what decodes an event is an error about it; a handler's is its caller's.
    #[cold]
    fn blame(stored: Option<&StoredEvent<'_>>, panic: Box<dyn Any + Send>) -> LoadError {
        let decoded = stored.map(|stored| decode_guarded(stored, A::Event::decode));
        match decoded {
            Some(Err(error)) => error.into(),
            Some(Ok(_)) | None => resume_unwind(panic),
        }
    }

    fn take_next(&mut self, stored: &StoredEvent<'_>) -> Result<(), LoadError> {
        if stored.version != self.version.next() {
            return Err(self.hole(stored));
        }
        self.state_mut().replay(stored)?;
        self.version = stored.version;
        self.position = stored.position;
        self.recorded_at = Some(stored.recorded_at);
        self.replayed.events += 1;
        Ok(())
    }

    pub(crate) fn apply(&mut self, event: Decoded<A::Event>) {
        event.each(|event| self.state_mut().apply(event));
    }

    pub(crate) fn state_mut(&mut self) -> &mut A {
        state_mut(&mut self.state, self.clone)
    }

    #[cold]
    fn hole(&self, stored: &StoredEvent<'_>) -> LoadError {
        LoadError::Store(StoreError::Corrupt {
            stream: self.stream.clone(),
            reason: format!(
                "version {} is followed by version {} at position {}",
                self.version, stored.version, stored.position
            ),
        })
    }
}

fn state_mut<A>(state: &mut Arc<A>, clone: CloneState<A>) -> &mut A {
    if Arc::get_mut(state).is_none() {
        *state = Arc::new(clone(state));
    }
    #[expect(clippy::expect_used, reason = "nobody else has the clone yet")]
    Arc::get_mut(state).expect("BUG: a state that was just cloned is shared")
}
