//! Which build is live, and how the first one comes to be.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, ConsumerKind, EventStore, Position, Role,
};

use super::{RunError, Runner, consumers};
use crate::projection::{AnyProjection, Definition};
use crate::rebuild::{Old, Rebuild, RebuildError};

/// The checkpoints of a projection's live build, by shard; none if it is new.
pub(crate) async fn live_build(
    store: &dyn EventStore,
    name: &str,
) -> Result<Vec<Checkpoint>, RunError> {
    let mut checkpoints = consumers(store)?.checkpoints(Some(name)).await?;
    checkpoints.retain(|checkpoint| checkpoint.role == Role::Live);
    Ok(checkpoints)
}

/// The checkpoints of a build that is to begin.
pub(crate) fn new_build(
    definition: &Definition,
    build: u32,
    role: Role,
    now: DateTime<Utc>,
) -> Vec<Checkpoint> {
    let shard = |shard| Checkpoint {
        id: CheckpointId {
            consumer: definition.name.to_owned(),
            build,
            shard,
        },
        kind: ConsumerKind::Projection,
        definition: definition.version,
        role,
        table: Some(definition.table.clone()),
        position: Position::ZERO,
        revision: 0,
        condition: Condition::New,
        event_at: None,
        changed_at: now,
        lease: None,
    };
    (0..definition.shards).map(shard).collect()
}

/// Refuses a build that is not what its definition says.
pub(super) fn check_build(
    definition: &Definition,
    checkpoints: &[Checkpoint],
) -> Result<(), RunError> {
    let built = u32::try_from(checkpoints.len()).unwrap_or(u32::MAX);
    if built != definition.shards {
        return Err(RunError::ShardsChanged {
            consumer: definition.name.to_owned(),
            built,
            defined: definition.shards,
        });
    }
    let same_shape = |checkpoint: &Checkpoint| checkpoint.table.as_ref() == Some(&definition.table);
    if !checkpoints.iter().all(same_shape) {
        return Err(RunError::ShapeChanged {
            consumer: definition.name.to_owned(),
            version: definition.version,
        });
    }
    Ok(())
}

/// Builds a version of a projection beside the live one, then swaps it in.
pub(super) async fn upgrade(
    runner: &Runner,
    projection: &Arc<dyn AnyProjection>,
) -> Result<(), RunError> {
    let rebuild = Rebuild::erased(
        Arc::clone(&runner.store),
        Arc::clone(&runner.clock),
        Arc::clone(projection),
    );
    let upgraded = match rebuild.run_if_newer().await {
        Ok(true) => rebuild.swap(Old::Keep).await.map(|_| ()),
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    match upgraded {
        // Another program may have been faster.
        Err(RebuildError::NothingBuilt { .. }) => {
            let live = live_build(&*runner.store, projection.definition().name).await?;
            let version = projection.definition().version;
            if live.iter().any(|found| found.definition >= version) {
                Ok(())
            } else {
                Err(RunError::Rebuild(rebuild.nothing_built()))
            }
        }
        upgraded => Ok(upgraded?),
    }
}
