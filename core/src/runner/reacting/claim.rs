//! Whose a checkpoint is: that of a reactor, or of a relay to one broker.

use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, ConsumerKind, EventStore, Locked, Position, RelayRecord,
    Role, StoreError, Wait,
};

use super::super::build::consumers_of;
use super::super::{RunError, Runner, consumers};
use super::broker::note_failure;
use crate::reactor::{AnyReactor, Destination, Start};

/// The only checkpoint of a reactor.
pub(super) fn id_of(name: &str) -> CheckpointId {
    CheckpointId {
        consumer: name.to_owned(),
        build: 1,
        shard: 0,
    }
}

/// Makes the checkpoint of a reactor that has never run.
pub(super) async fn create(runner: &Runner, reactor: &dyn AnyReactor) -> Result<(), RunError> {
    let store = &*runner.store;
    let definition = reactor.definition();
    let first = Checkpoint {
        id: id_of(definition.name),
        kind: match reactor.destination() {
            None => ConsumerKind::Reactor,
            Some(_) => ConsumerKind::Relay,
        },
        definition: 1,
        role: Role::Live,
        table: None,
        position: match definition.start {
            Start::Beginning => Position::ZERO,
            Start::Now => store.watermark().await?,
        },
        revision: 0,
        condition: Condition::New,
        event_at: None,
        changed_at: runner.clock.now(),
        lease: None,
    };
    consumers(store)?.create_build(&[first]).await?;
    Ok(())
}

/// Refuses relays whose checkpoints are not theirs, before anything is sent.
pub(crate) async fn check_relays(runner: &Runner) -> Result<(), RunError> {
    for reactor in &runner.reactors {
        let Some(destination) = reactor.destination() else {
            continue;
        };
        let id = id_of(reactor.definition().name);
        let kept = consumers(&*runner.store)?;
        let checkpoints = kept.checkpoints(Some(&id.consumer)).await?;
        let Some(checkpoint) = checkpoints.iter().find(|it| it.id == id) else {
            continue;
        };
        let record = record(&*runner.store, &id).await?;
        let judged = judge(&**reactor, &destination, checkpoint, record.as_ref());
        if let Err(error) = judged {
            if matches!(error, RunError::OtherDestination { .. }) {
                note_failure(runner, &id.consumer, &error).await;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Makes a checkpoint that is led this reactor's, or refuses it.
pub(super) async fn claim(
    runner: &Runner,
    reactor: &dyn AnyReactor,
    checkpoint: &Checkpoint,
) -> Result<(), RunError> {
    let Some(destination) = reactor.destination() else {
        return match checkpoint.kind {
            ConsumerKind::Reactor => Ok(()),
            _ => Err(RunError::NotAReactor {
                consumer: checkpoint.id.consumer.clone(),
            }),
        };
    };
    let id = &checkpoint.id;
    let known = record(&*runner.store, id).await?;
    let claimed = judge(reactor, &destination, checkpoint, known.as_ref())?;
    if checkpoint.kind == ConsumerKind::Relay && known.as_ref() == Some(&claimed) {
        return Ok(());
    }
    let mut transaction = runner.store.begin().await?;
    let consumers = consumers_of(&mut *transaction)?;
    let Locked::Taken(locked) = consumers.lock(id, Wait::ForOthers).await? else {
        transaction.rollback().await?;
        return Ok(());
    };
    let owner = |it: &Checkpoint| it.lease.as_ref().map(|(owner, _)| owner.clone());
    if owner(&locked) != owner(checkpoint) {
        // Somebody else leads by now, which is seen before anything is sent.
        transaction.rollback().await?;
        return Ok(());
    }
    let known = consumers.relay(&id.consumer, id.build).await?;
    let claimed = judge(reactor, &destination, &locked, known.as_ref())?;
    consumers.put_relay(&claimed).await?;
    consumers
        .save(&Checkpoint {
            kind: ConsumerKind::Relay,
            changed_at: runner.clock.now(),
            ..*locked
        })
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether a relay's checkpoint is still that of this broker.
pub(super) async fn is_claimed(
    store: &dyn EventStore,
    id: &CheckpointId,
    destination: &str,
) -> Result<bool, StoreError> {
    let record = record(store, id).await?;
    Ok(record.is_some_and(|it| it.destination.as_deref() == Some(destination)))
}

async fn record(
    store: &dyn EventStore,
    id: &CheckpointId,
) -> Result<Option<RelayRecord>, StoreError> {
    let all = consumers(store)?.relays(Some(&id.consumer)).await?;
    Ok(all.into_iter().find(|it| it.build == id.build))
}

/// What is to be kept of a relay that goes on from a checkpoint, unless that is of something else.
fn judge(
    relay: &dyn AnyReactor,
    own: &Destination,
    checkpoint: &Checkpoint,
    known: Option<&RelayRecord>,
) -> Result<RelayRecord, RunError> {
    let id = &checkpoint.id;
    let is_ours = match checkpoint.kind {
        ConsumerKind::Relay => true,
        // Before relays were of a kind of their own they were this.
        ConsumerKind::Reactor => known.is_some(),
        ConsumerKind::Projection | ConsumerKind::Feed => false,
    };
    if !is_ours {
        return Err(RunError::NotARelay {
            consumer: id.consumer.clone(),
        });
    }
    let stored = known.and_then(|it| it.destination.as_ref());
    let other = stored.filter(|it| **it != own.name && own.former.as_ref() != Some(*it));
    if let Some(stored) = other
        // Whoever begins at the beginning misses nothing.
        && checkpoint.position > Position::ZERO
    {
        return Err(RunError::OtherDestination {
            consumer: id.consumer.clone(),
            stored: stored.clone(),
            own: own.name.clone(),
        });
    }
    // How it went with one broker says nothing of another.
    let known = known.filter(|_| other.is_none()).cloned();
    Ok(RelayRecord {
        destination: Some(own.name.clone()),
        categories: relay.definition().categories.clone(),
        ..known.unwrap_or_else(|| RelayRecord::new(&id.consumer, id.build))
    })
}
