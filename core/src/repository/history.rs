//! What happened to an aggregate, step by step.

use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt, stream};
use rehydrate_port::{
    EventStore, Metadata, Page, Position, SchemaVersion, StoredEvent, StreamQuery, Version,
};
use uuid::Uuid;

use super::folded::Folded;
use super::{LoadError, Repository};
use crate::aggregate::Aggregate;
use crate::event::{Decoded, Event, decode_guarded};

/// One stored event, and the state after it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HistoryEntry<A: Aggregate> {
    /// What it means today: nothing if its type is retired, several events if it was split.
    pub events: Decoded<A::Event>,
    /// The state after it.
    pub state: A,
    /// Its number within the stream.
    pub version: Version,
    /// Its number in the log.
    pub position: Position,
    /// The type under which it is stored.
    pub event_type: String,
    /// The schema version in which it is stored.
    pub schema_version: SchemaVersion,
    /// Its own id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Its metadata.
    pub metadata: Metadata,
}

impl<A: Aggregate + Clone> Repository<A> {
    /// Everything that happened to an aggregate, from its first event, with the state after each.
    ///
    /// The events are read in pages while the stream is consumed; nothing stays open in the store
    /// in between.
    ///
    /// # Errors
    /// The stream ends with the first error; see [`Repository::load`].
    pub fn history(
        &self,
        id: &A::Id,
    ) -> impl Stream<Item = Result<HistoryEntry<A>, LoadError>> + Send + Unpin + 'static {
        let begin = self
            .stream(id)
            .map(|stream| Some(Folded::<A>::new(stream, A::clone)))
            .map_err(LoadError::from);
        let store = self.store.clone();
        let pages = stream::once(std::future::ready(begin)).map_ok(move |folded| {
            let store = store.clone();
            stream::try_unfold(folded, move |folded| {
                let store = store.clone();
                async move {
                    let Some(mut folded) = folded else {
                        return Ok(None);
                    };
                    let entries = read_entries(&*store, &mut folded).await?;
                    let goes_on = matches!(entries.last(), Some(Ok(_)));
                    let next = goes_on.then_some(folded);
                    Ok::<_, LoadError>(Some((stream::iter(entries), next)))
                }
            })
        });
        Box::pin(pages.try_flatten().try_flatten())
    }
}

/// The next entries; none if the stream has ended, and the error last if one cannot be read.
async fn read_entries<A: Aggregate + Clone>(
    store: &dyn EventStore,
    folded: &mut Folded<A>,
) -> Result<Vec<Result<HistoryEntry<A>, LoadError>>, LoadError> {
    const PAGE: usize = 100;
    let query = StreamQuery {
        after: folded.version,
        limit: Some(PAGE),
        ..StreamQuery::new(folded.stream.clone())
    };
    let pages: Vec<Page> = store.read(&query).await?.pages.try_collect().await?;
    let mut entries = Vec::new();
    for stored in pages.iter().flat_map(Page::iter) {
        let entry = folded
            .take(&stored)
            .and_then(|()| entry(&stored, A::clone(&folded.state)));
        let failed = entry.is_err();
        entries.push(entry);
        if failed {
            break;
        }
    }
    Ok(entries)
}

// The event is decoded a second time, because the fold has moved the first one into the state.
fn entry<A: Aggregate>(stored: &StoredEvent<'_>, state: A) -> Result<HistoryEntry<A>, LoadError> {
    Ok(HistoryEntry {
        events: decode_guarded(stored, A::Event::decode)?,
        state,
        version: stored.version,
        position: stored.position,
        event_type: stored.event_type.to_owned(),
        schema_version: stored.schema_version,
        event_id: stored.event_id,
        recorded_at: stored.recorded_at,
        metadata: stored.metadata()?,
    })
}
