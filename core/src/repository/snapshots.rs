//! After a commit: the snapshot, and the shelf.

use rehydrate_port::{Snapshot, StreamId, StreamQuery, Transaction, Version};

use super::folded::Folded;
use super::session::Session;
use super::{LoadError, Repository, UseSnapshots};
use crate::aggregate::{Aggregate, SnapshotCodec};

/// What [`Repository::verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotCheck {
    /// There is no snapshot that this program would use.
    NoSnapshot,
    /// The state from the snapshot and the state from all events are the same.
    Same {
        /// The version of the snapshot.
        snapshot: Version,
    },
    /// They differ: a handler's logic, or an upcast, was changed without a new
    /// `snapshot(version = …)`.
    Different {
        /// The version of the snapshot.
        snapshot: Version,
        /// The state from the snapshot and the events after it, as JSON.
        from_snapshot: serde_json::Value,
        /// The state from all events, as JSON.
        from_events: serde_json::Value,
    },
}

impl<A: Aggregate> Repository<A> {
    /// Loads an aggregate twice, from its snapshot and from all its events, and compares.
    ///
    /// States are compared by their JSON form, in which the order of a map's keys does not matter;
    /// a `HashSet` may differ from itself.
    ///
    /// # Errors
    /// As for [`Repository::load`].
    pub async fn verify(&self, id: &A::Id) -> Result<SnapshotCheck, LoadError> {
        let stream = self.stream(id)?;
        let mut session = Session::Store(&*self.store);
        let Some(codec) = self.snapshot_codec() else {
            return Ok(SnapshotCheck::NoSnapshot);
        };
        let quick = self
            .fold(&mut session, StreamQuery::new(stream.clone()))
            .await?;
        if quick.replayed.snapshot == Version::ZERO {
            return Ok(SnapshotCheck::NoSnapshot);
        }
        let full = self
            .clone()
            .without_snapshots()
            .fold_until(&mut session, stream, quick.version)
            .await?;
        let snapshot = quick.replayed.snapshot;
        let from_snapshot = to_value(codec, &quick);
        let from_events = to_value(codec, &full);
        if from_snapshot == from_events {
            Ok(SnapshotCheck::Same { snapshot })
        } else {
            Ok(SnapshotCheck::Different {
                snapshot,
                from_snapshot,
                from_events,
            })
        }
    }

    pub(super) fn snapshot_codec(&self) -> Option<SnapshotCodec<A>> {
        match self.snapshots {
            UseSnapshots::AsDeclared => A::SNAPSHOTS.codec(),
            UseSnapshots::Never => None,
        }
    }

    /// What is left to do once a state's events are stored; none of it can fail the command.
    pub(super) async fn settle(&self, folded: &mut Folded<A>) {
        if let Some(snapshot) = self.due_snapshot(folded)
            && self.write_snapshot(&folded.stream, &snapshot).await
        {
            folded.snapshot = snapshot.version;
        }
        self.shelf.put(folded);
    }

    pub(super) fn settle_after_commit(
        &self,
        transaction: &mut impl Transaction,
        folded: &mut Folded<A>,
    ) {
        // The snapshot is taken now, because the state's owner may go on to change it.
        let snapshot = self.due_snapshot(folded);
        if let Some(snapshot) = &snapshot {
            folded.snapshot = snapshot.version;
        }
        let shelved = self.shelf.is_there().then(|| folded.clone());
        if snapshot.is_none() && shelved.is_none() {
            return;
        }
        let stream = folded.stream.clone();
        let repository = self.clone();
        transaction.after_commit(Box::pin(async move {
            if let Some(snapshot) = snapshot {
                repository.write_snapshot(&stream, &snapshot).await;
            }
            if let Some(shelved) = shelved {
                repository.shelf.put(&shelved);
            }
        }));
    }

    fn due_snapshot(&self, folded: &Folded<A>) -> Option<Snapshot> {
        let codec = self.snapshot_codec()?;
        if folded.version.0.saturating_sub(folded.snapshot.0) < codec.every {
            return None;
        }
        match (codec.encode)(&folded.state) {
            Ok(state) => Some(Snapshot {
                version: folded.version,
                position: folded.position,
                recorded_at: folded.recorded_at?,
                fingerprint: codec.fingerprint,
                state,
            }),
            Err(error) => {
                tracing::warn!(stream = %folded.stream, error = %error, "a state cannot be written as a snapshot");
                None
            }
        }
    }

    async fn write_snapshot(&self, stream: &StreamId, snapshot: &Snapshot) -> bool {
        match self.store.write_snapshot(stream, snapshot).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(stream = %stream, version = %snapshot.version, error = %error, "a snapshot was not written");
                false
            }
        }
    }
}

fn to_value<A>(codec: SnapshotCodec<A>, folded: &Folded<A>) -> serde_json::Value {
    (codec.encode)(&folded.state)
        .and_then(|json| serde_json::from_str(&json))
        .unwrap_or_else(|error| serde_json::Value::String(format!("not JSON: {error}")))
}
