//! From the store to a state.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use futures_util::{Stream, TryStreamExt, stream};
use rehydrate_port::{Command, CommittedCommand, SnapshotRead, StreamId, StreamQuery, Version};

use super::folded::Folded;
use super::session::Session;
use super::{LoadError, Replayed, Repository, Root};
use crate::aggregate::{Aggregate, AggregateId, SnapshotCodec};
use crate::clock::to_stored_precision;

/// What a command finds when it is about to be decided.
pub(crate) enum Found<A> {
    State(Folded<A>),
    Committed(CommittedCommand),
}

impl<A> Found<A> {
    fn without_command(self) -> Folded<A> {
        match self {
            Self::State(folded) => folded,
            Self::Committed(_) => unreachable!("BUG: no command was asked for"),
        }
    }
}

impl<A: Aggregate> Repository<A> {
    /// Loads an aggregate; one that nobody has stored yet is new, at version 0.
    ///
    /// # Errors
    /// [`LoadError::Store`]: try again if its kind says so. [`LoadError::Decode`]: the program
    /// cannot read what is stored; deploy the one that can.
    pub async fn load(&self, id: &A::Id) -> Result<Root<A>, LoadError> {
        let folded = self.load_stream(self.stream(id)?).await?;
        Ok(Root::new(folded))
    }

    /// An aggregate that nobody has stored yet, without looking whether that is so.
    ///
    /// If somebody has, saving it is a conflict. Where nothing but its first events are to be
    /// decided, [`Repository::create`] does all of it.
    ///
    /// # Errors
    /// [`LoadError::InvalidStream`]: the id cannot be the name of a stream.
    pub fn new_root(&self, id: &A::Id) -> Result<Root<A>, LoadError> {
        Ok(Root::new(Folded::new(self.stream(id)?, self.clone)))
    }

    /// Loads an aggregate, or says that there is none.
    ///
    /// # Errors
    /// As for [`Repository::load`].
    pub async fn find(&self, id: &A::Id) -> Result<Option<Root<A>>, LoadError> {
        let root = self.load(id).await?;
        Ok((!root.is_new()).then_some(root))
    }

    /// Loads an aggregate as it was at a version.
    ///
    /// # Errors
    /// [`LoadError::NoSuchVersion`]: it has not come so far. Otherwise as for [`Repository::load`].
    pub async fn load_at(&self, id: &A::Id, version: Version) -> Result<Root<A>, LoadError> {
        let mut session = Session::Store(&*self.store);
        let folded = self
            .fold_until(&mut session, self.stream(id)?, version)
            .await?;
        Ok(Root::new(folded))
    }

    /// Loads an aggregate as it was at a time: after the last event recorded then or before.
    ///
    /// # Errors
    /// As for [`Repository::load`].
    pub async fn load_as_of(&self, id: &A::Id, time: DateTime<Utc>) -> Result<Root<A>, LoadError> {
        let query = StreamQuery {
            as_of: Some(to_stored_precision(time)),
            ..StreamQuery::new(self.stream(id)?)
        };
        let mut session = Session::Store(&*self.store);
        Ok(Root::new(self.fold(&mut session, query).await?))
    }

    /// The ids of all aggregates of this type, in the byte order of their text.
    ///
    /// One that is created while the stream is read may be left out.
    pub fn ids(&self) -> impl Stream<Item = Result<A::Id, LoadError>> + Send + Unpin + use<A> {
        const PAGE: usize = 1_000;
        let store = self.store.clone();
        let pages = stream::try_unfold(Some(None::<String>), move |after| {
            let store = store.clone();
            async move {
                let Some(after) = after else { return Ok(None) };
                let page = store
                    .list_streams(A::CATEGORY, after.as_deref(), PAGE)
                    .await?;
                let next = (page.len() == PAGE).then(|| page.last().cloned());
                Ok::<_, LoadError>(Some((stream::iter(page.into_iter().map(Ok)), next)))
            }
        });
        Box::pin(
            pages
                .try_flatten()
                .and_then(async |id: String| parse_id::<A>(&id)),
        )
    }

    async fn load_stream(&self, stream: StreamId) -> Result<Folded<A>, LoadError> {
        let mut session = Session::Store(&*self.store);
        let found = match self.shelf.get(&stream) {
            Some(shelved) if self.shelf.may_be_stale() => return Ok(shelved),
            Some(shelved) => self.catch_up(&mut session, shelved, None).await?,
            None => self.find_in(&mut session, StreamQuery::new(stream)).await?,
        };
        let folded = found.without_command();
        self.shelf.put(&folded);
        Ok(folded)
    }

    pub(super) async fn fold_until(
        &self,
        session: &mut Session<'_>,
        stream: StreamId,
        version: Version,
    ) -> Result<Folded<A>, LoadError> {
        let query = StreamQuery {
            until: Some(version),
            ..StreamQuery::new(stream)
        };
        let folded = self.fold(session, query).await?;
        if folded.version == version {
            Ok(folded)
        } else {
            Err(LoadError::NoSuchVersion {
                stream: folded.stream,
                asked: version,
                latest: folded.version,
            })
        }
    }

    pub(super) async fn fold(
        &self,
        session: &mut Session<'_>,
        query: StreamQuery,
    ) -> Result<Folded<A>, LoadError> {
        Ok(self.find_in(session, query).await?.without_command())
    }

    /// Reads a stream from the beginning, or from its snapshot.
    pub(super) async fn find_in(
        &self,
        session: &mut Session<'_>,
        mut query: StreamQuery,
    ) -> Result<Found<A>, LoadError> {
        let codec = self.snapshot_codec();
        query.snapshot = codec.map(|codec| codec.fingerprint);
        loop {
            let read = session.read(&query).await?;
            if let Some(committed) = read.command {
                return Ok(Found::Committed(committed));
            }
            let mut folded = Folded::new(query.stream.clone(), self.clone);
            if !self.begin_with_snapshot(&mut folded, &read.snapshot, codec) {
                query.snapshot = None;
                continue;
            }
            folded.take_pages(read.pages).await?;
            return Ok(Found::State(folded));
        }
    }

    /// Reads the events after a state.
    pub(super) async fn catch_up(
        &self,
        session: &mut Session<'_>,
        mut folded: Folded<A>,
        command: Option<Command>,
    ) -> Result<Found<A>, LoadError> {
        let query = StreamQuery {
            after: folded.version,
            command,
            ..StreamQuery::new(folded.stream.clone())
        };
        let read = session.read(&query).await?;
        if let Some(committed) = read.command {
            return Ok(Found::Committed(committed));
        }
        folded.replayed = Replayed::default();
        folded.take_pages(read.pages).await?;
        Ok(Found::State(folded))
    }

    /// Whether the read can be used: it cannot if its events follow a snapshot that does not decode.
    fn begin_with_snapshot(
        &self,
        folded: &mut Folded<A>,
        read: &SnapshotRead,
        codec: Option<SnapshotCodec<A>>,
    ) -> bool {
        match (read, codec) {
            (SnapshotRead::None, _) | (_, None) => true,
            (SnapshotRead::Unusable { fingerprint, .. }, Some(codec)) => {
                if self.warned.swap(fingerprint.0, Ordering::Relaxed) != fingerprint.0 {
                    tracing::warn!(
                        category = A::CATEGORY,
                        found = %fingerprint,
                        expected = %codec.fingerprint,
                        "snapshots of another state shape are not used; affected streams are replayed in full until their next snapshot",
                    );
                }
                true
            }
            (SnapshotRead::Found(snapshot), Some(codec)) => match (codec.decode)(&snapshot.state) {
                Ok(state) => {
                    folded.begin_with(snapshot, state);
                    true
                }
                Err(error) => {
                    tracing::warn!(
                        stream = %folded.stream,
                        version = %snapshot.version,
                        error = %error,
                        "a snapshot does not decode; the stream is replayed in full",
                    );
                    false
                }
            },
        }
    }
}

fn parse_id<A: Aggregate>(id: &str) -> Result<A::Id, LoadError> {
    match A::Id::parse(id) {
        Ok(id) => Ok(id),
        Err(source) => Err(LoadError::UnreadableId {
            stream: StreamId::new(A::CATEGORY, id)?,
            source,
        }),
    }
}
