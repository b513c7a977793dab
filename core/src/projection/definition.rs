//! What is known of a consumer without its types.

use rehydrate_port::{Checkpoint, CheckpointId, ConsumerKind, LogQuery, Position, StreamId, Table};

use super::{Projection, RowScope, shard_of};
use crate::event_set::EventSet;
use crate::read_model::ReadModel;

/// A projection, as far as it can be told without its types.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) categories: Vec<String>,
    pub(crate) table: Table,
    pub(crate) rows: RowScope,
    pub(crate) is_idempotent: bool,
    pub(crate) shards: u32,
}

impl Definition {
    pub(crate) fn of<P: Projection>() -> Self {
        const {
            assert!(P::VERSION > 0, "versions of a projection count from 1");
            assert!(P::SHARDS > 0, "a projection has at least one shard");
            assert!(
                P::SHARDS == 1 || matches!(P::ROWS, RowScope::PerStream),
                "only a projection with `ROWS = RowScope::PerStream` can have several shards: \
                 two of them would overwrite each other's rows"
            );
        }
        Self {
            name: P::NAME,
            version: P::VERSION,
            categories: categories::<P::Events>(),
            table: P::Row::TABLE,
            rows: P::ROWS,
            is_idempotent: P::IDEMPOTENT,
            shards: P::SHARDS,
        }
    }

    /// Whether a build is made with this definition, from the log.
    pub(crate) fn made(&self, found: &Checkpoint) -> bool {
        found.kind == ConsumerKind::Projection && self.is_of(found)
    }

    /// Whether a build has this version and this table, whatever it is kept from.
    pub(crate) fn is_of(&self, found: &Checkpoint) -> bool {
        found.definition == self.version && found.table.as_ref() == Some(&self.table)
    }

    /// The checkpoint that a stream's events count for, in a build of so many shards.
    pub(crate) fn checkpoint_of(&self, build: u32, shards: u32, stream: &StreamId) -> CheckpointId {
        CheckpointId {
            consumer: self.name.to_owned(),
            build,
            shard: shard_of(stream.category(), stream.id(), shards),
        }
    }

    /// The part of the log that concerns it, after a position.
    pub(crate) fn query(&self, after: Position, limit: usize) -> LogQuery {
        LogQuery {
            after,
            categories: self.categories.clone(),
            limit,
        }
    }
}

pub(crate) fn categories<S: EventSet>() -> Vec<String> {
    S::categories().into_iter().map(str::to_owned).collect()
}
