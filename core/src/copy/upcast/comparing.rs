//! Whether an aggregate has the same state in both stores.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt as _;
use rehydrate_port::{EventStore, Position, StoreError, StreamId, StreamQuery, Version};
use serde::Serialize;
use serde_json::Value;

use super::json::{same, same_but_for_order};
use super::{UpcastCopyError, UpcastDifference};
use crate::aggregate::Aggregate;
use crate::repository::{Folded, LoadError, never_shared};

/// So often is a state folded to see whether its JSON is the same each time. A set of two elements
/// comes in the same order every other time, so one that always does is none.
const FOLDS: usize = 64;

/// Both stores, and how far each is looked at.
pub(super) struct Sides<'a> {
    pub(super) from: &'a dyn EventStore,
    pub(super) from_until: Position,
    pub(super) to: &'a dyn EventStore,
    pub(super) to_until: Position,
    pub(super) has_same_versions: bool,
}

pub(super) enum Compared {
    /// The stream began after the copy did.
    NotThereYet,
    Same,
    Different(Box<UpcastDifference>),
}

/// Folds a stream from both stores. `varies` is kept for the aggregate's type: whether its JSON has
/// been seen to come in another order.
pub(super) async fn compare<A: Aggregate + Serialize>(
    sides: &Sides<'_>,
    stream: StreamId,
    varies: &AtomicBool,
) -> Result<Compared, UpcastCopyError> {
    let source = fold::<A>(sides.from, &stream, sides.from_until).await?;
    if source.version == Version::ZERO {
        return Ok(Compared::NotThereYet);
    }
    let target = fold::<A>(sides.to, &stream, sides.to_until).await?;
    let has_version = !sides.has_same_versions || source.version == target.version;
    let states = (&*source.state, &*target.state);
    if has_version && has_same_state::<A>(sides, &stream, states, varies).await? {
        return Ok(Compared::Same);
    }
    Ok(Compared::Different(Box::new(UpcastDifference {
        source_version: source.version,
        source: value(&stream, &source.state)?,
        target_version: target.version,
        target: value(&stream, &target.state)?,
        stream,
    })))
}

struct State {
    version: Version,
    state: String,
}

/// The state after a stream's events up to a position.
async fn fold<A: Aggregate + Serialize>(
    store: &dyn EventStore,
    stream: &StreamId,
    until: Position,
) -> Result<State, UpcastCopyError> {
    let query = StreamQuery::new(stream.clone());
    let mut folded = Folded::<A>::new(stream.clone(), never_shared);
    let mut pages = store.read(&query).await?.pages;
    'pages: while let Some(page) = pages.try_next().await? {
        for stored in page.iter() {
            if stored.position > until {
                break 'pages;
            }
            folded.take(&stored).map_err(|error| match error {
                LoadError::Store(error) => UpcastCopyError::Store(error),
                LoadError::Decode(error) => UpcastCopyError::Decode(error),
                LoadError::InvalidStream(_)
                | LoadError::NoSuchVersion { .. }
                | LoadError::UnreadableId { .. } => UpcastCopyError::Store(StoreError::Backend {
                    action: "fold a stream",
                    source: error.into(),
                }),
            })?;
        }
    }
    let state = serde_json::to_string(&*folded.state);
    Ok(State {
        version: folded.version,
        state: state.map_err(|source| no_json(stream, source))?,
    })
}

async fn has_same_state<A: Aggregate + Serialize>(
    sides: &Sides<'_>,
    stream: &StreamId,
    (source, target): (&str, &str),
    varies: &AtomicBool,
) -> Result<bool, UpcastCopyError> {
    if same(source, target) {
        return Ok(true);
    }
    if !same_but_for_order(source, target) {
        return Ok(false);
    }
    // The order counts, unless it is a different one each time.
    if varies.load(Ordering::Relaxed) {
        return Ok(true);
    }
    for _ in 0..FOLDS {
        let again = fold::<A>(sides.from, stream, sides.from_until).await?;
        if !same(source, &again.state) {
            varies.store(true, Ordering::Relaxed);
            return Ok(true);
        }
    }
    Ok(false)
}

fn value(stream: &StreamId, state: &str) -> Result<Value, UpcastCopyError> {
    serde_json::from_str(state).map_err(|source| no_json(stream, source))
}

fn no_json(stream: &StreamId, source: serde_json::Error) -> UpcastCopyError {
    UpcastCopyError::State {
        stream: stream.clone(),
        source,
    }
}
