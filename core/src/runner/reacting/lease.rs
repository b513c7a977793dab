//! Who leads, for a while.

use std::sync::Arc;
use std::time::Duration;

use rehydrate_port::{Checkpoint, CheckpointId, EventStore, Leased, StoreError};
use tokio::time::Instant;
use uuid::Uuid;

use super::super::consumers;

/// The right to deliver, until it runs out by the database's clock.
pub(super) struct Lease {
    store: Arc<dyn EventStore>,
    id: CheckpointId,
    owner: String,
    duration: Duration,
    /// When it is to be taken again.
    renew_at: Instant,
}

impl Lease {
    pub(super) fn new(store: &Arc<dyn EventStore>, id: &CheckpointId, duration: Duration) -> Self {
        Self {
            store: Arc::clone(store),
            id: id.clone(),
            owner: Uuid::now_v7().to_string(),
            duration,
            renew_at: Instant::now(),
        }
    }

    /// Takes it, or takes it again for its whole time.
    pub(super) async fn take(&mut self) -> Result<Leased, StoreError> {
        let asked = Instant::now();
        let leased = consumers(&*self.store)?
            .lease(&self.id, &self.owner, self.duration)
            .await?;
        if matches!(leased, Leased::Given(_)) {
            self.renew_at = asked + self.period();
        }
        Ok(leased)
    }

    pub(super) async fn release(&self) -> Result<(), StoreError> {
        consumers(&*self.store)?
            .release(&self.id, &self.owner)
            .await
    }

    /// Whether a checkpoint is still led by us. A lease that has run out and that nobody has taken
    /// is.
    pub(super) fn covers(&self, checkpoint: &Checkpoint) -> bool {
        let lease = checkpoint.lease.as_ref();
        lease.is_some_and(|(owner, _)| *owner == self.owner)
    }

    pub(super) fn renew_at(&self) -> Instant {
        self.renew_at
    }

    /// Tries once more, but not at once.
    pub(super) fn put_off(&mut self) {
        self.renew_at = Instant::now() + self.period() / 4;
    }

    /// How often it is taken again.
    pub(super) fn period(&self) -> Duration {
        self.duration / 3
    }
}
