//! Building a read model anew from its source, beside the live one.

use std::time::Duration;

use rehydrate_port::{
    Checkpoint, CheckpointId, Condition, ConsumerKind, ConsumerTransaction, DeliveryQuery,
    ErrorKind, Locked, Role, Wait, physical_name,
};

use super::reading::{Reading, Step};
use super::{Feed, FeedError};
use crate::rebuild::{Old, Swapped};
use crate::runner::{consumers, consumers_of};

/// So often a swap is tried that finds the live build ahead, or a long reader of the table.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Why a swap has not happened.
enum Missed {
    /// The live build has taken what the new one has not read yet, of so many streams.
    Ahead(u64),
    Error(FeedError),
}

impl<E: Into<FeedError>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Feed {
    /// Builds the read model anew from the source, beside the live one, from where a new feed begins
    /// to the end; then puts it in the live one's place, in one transaction. Readers see one or the
    /// other. What a rebuild that was cut short has left is gone on with.
    ///
    /// # Errors
    /// [`FeedError::Parked`] and [`FeedError::Behind`] say why the new build is not live; it is kept.
    /// [`FeedError::Overtaken`]: somebody else has done it. Otherwise as for [`Feed::run_to_end`].
    pub async fn rebuild(&self, old: Old) -> Result<Swapped, FeedError> {
        let live = self.check().await?;
        let definition = self.settings.projection.definition();
        let live_table = live.table.as_ref().map_or("", |table| &*table.name);
        if live_table != &*definition.table.name {
            return Err(FeedError::TableRenamed {
                consumer: definition.name.to_owned(),
                live: live_table.to_owned(),
                own: definition.table.name.to_string(),
            });
        }
        let next = self.begin_build().await?;
        let mut reading = Reading::new(&self.settings, &next);
        let mut attempt = 1;
        let mut swapped = loop {
            self.read_all(&mut reading).await?;
            match self.try_swap(&live.id, &next.id).await {
                Ok(swapped) => break swapped,
                Err(Missed::Ahead(_)) if attempt < ATTEMPTS => {}
                Err(Missed::Ahead(streams)) => {
                    return Err(FeedError::Behind {
                        consumer: definition.name.to_owned(),
                        streams,
                    });
                }
                Err(Missed::Error(FeedError::Store(error)))
                    if error.kind() == ErrorKind::TryAgain && attempt < ATTEMPTS =>
                {
                    tracing::debug!(attempt, error = %error, "the table is in use");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Missed::Error(error)) => return Err(error),
            }
            attempt += 1;
        };
        if old == Old::Drop {
            let dropped = consumers(&*self.settings.store)?
                .drop_build(definition.name, swapped.old_build)
                .await;
            match dropped {
                Ok(()) => swapped.old_table = None,
                // The swap itself has happened, and must not look as if it had not.
                Err(error) => {
                    tracing::warn!(build = swapped.old_build, %error, "the old table is kept");
                }
            }
        }
        tracing::info!(
            consumer = definition.name,
            build = swapped.live_build,
            "swapped in"
        );
        Ok(swapped)
    }

    /// The build that is not live yet; if there is none of this definition it is begun.
    async fn begin_build(&self) -> Result<Checkpoint, FeedError> {
        let definition = self.settings.projection.definition();
        let store = consumers(&*self.settings.store)?;
        let all = store.checkpoints(Some(definition.name)).await?;
        for found in all.iter().filter(|found| found.role == Role::Building) {
            if found.kind == ConsumerKind::Feed && definition.is_of(found) {
                return Ok(found.clone());
            }
            store.drop_build(definition.name, found.id.build).await?;
        }
        let build = all.iter().map(|found| found.id.build).max().unwrap_or(0) + 1;
        let new = self.new_build(build, Role::Building);
        store.create_build(std::slice::from_ref(&new)).await?;
        // Another program may have begun the same build in the same moment.
        let all = store.checkpoints(Some(definition.name)).await?;
        let found = all.into_iter().find(|found| {
            found.id == new.id && found.role == Role::Building && definition.is_of(found)
        });
        found.ok_or_else(|| self.overtaken())
    }

    /// Reads until nothing is left to read.
    async fn read_all(&self, reading: &mut Reading) -> Result<(), FeedError> {
        if !reading.run_to_end().await? {
            return Err(self.overtaken());
        }
        // What has come since the source was opened, as far as it is there at once.
        loop {
            match reading.step(Duration::from_millis(1)).await? {
                Step::AtEnd { is_empty: true } => return Ok(()),
                Step::NotOurs => return Err(self.overtaken()),
                Step::On { .. } | Step::AtEnd { .. } => {}
                Step::StandBy | Step::Paused => tokio::time::sleep(PAUSE / 10).await,
            }
        }
    }

    async fn try_swap(&self, live: &CheckpointId, next: &CheckpointId) -> Result<Swapped, Missed> {
        let definition = self.settings.projection.definition();
        let mut transaction = self.settings.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let old = self.locked(consumers, live, Role::Live).await?;
        let mut new = self.locked(consumers, next, Role::Building).await?;
        if !definition.is_of(&new) {
            return Err(self.overtaken().into());
        }
        // Readers never go back in time.
        let ahead = consumers
            .fed_further(definition.name, live.build, next.build)
            .await?;
        if ahead > 0 {
            transaction.rollback().await?;
            return Err(Missed::Ahead(ahead));
        }
        let blocking = DeliveryQuery {
            consumer: Some(definition.name.to_owned()),
            build: Some(next.build),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        let streams = consumers.deliveries(&blocking).await?.len();
        if streams > 0 {
            transaction.rollback().await?;
            return Err(Missed::Error(FeedError::Parked {
                consumer: definition.name.to_owned(),
                build: next.build,
                streams,
            }));
        }
        new.condition = match old.condition {
            Condition::Paused => Condition::Paused,
            _ => Condition::Live,
        };
        new.changed_at = self.settings.clock.now();
        consumers.save(&new).await?;
        consumers
            .swap(definition.name, &definition.table, live.build, next.build)
            .await?;
        transaction.commit().await?;
        Ok(Swapped {
            old_build: live.build,
            old_table: Some(physical_name(
                &definition.table.name,
                live.build,
                Role::Retired,
            )),
            live_build: next.build,
            position: new.position,
        })
    }

    async fn locked(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
        role: Role,
    ) -> Result<Checkpoint, FeedError> {
        match consumers.lock(id, Wait::ForOthers).await? {
            Locked::Taken(found) if found.role == role => Ok(*found),
            Locked::Taken(_) | Locked::Missing | Locked::Busy => Err(self.overtaken()),
        }
    }

    fn overtaken(&self) -> FeedError {
        FeedError::Overtaken {
            consumer: self.name().to_owned(),
        }
    }
}
