//! Refolding the rows of one stream.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use rehydrate_port::{
    Checkpoint, CheckpointId, ConsumerTransaction, DeliveryQuery, Locked, Page, Role, StoredEvent,
    StreamId, StreamQuery, Wait,
};

use super::{Rebuild, RebuildError, of_role};
use crate::projection::{Held, RowScope};
use crate::runner::consumers_of;

/// So many events are folded at once.
const BATCH: usize = 1_000;

/// What was refolded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refolded {
    /// How many events there were.
    pub events: usize,
    /// How many rows its events concern; what they make of them is there now.
    pub rows: usize,
}

impl Rebuild {
    /// Removes the live rows of one stream and folds all its events into them again, in one
    /// transaction. If the stream was parked, it is no longer.
    ///
    /// # Errors
    /// [`RebuildError::SharedRows`]: its rows are not those of one stream.
    /// [`RebuildError::NotLive`]: use the program of the live version. [`RebuildError::Event`]: an
    /// event cannot be applied; nothing has changed. [`RebuildError::Store`]: see its kind.
    pub async fn stream(&self, stream: &StreamId) -> Result<Refolded, RebuildError> {
        let definition = self.definition();
        if definition.rows == RowScope::Shared {
            return Err(RebuildError::SharedRows {
                consumer: definition.name.to_owned(),
            });
        }
        let (build, shards) = self.live_of_ours().await?;
        let id = definition.checkpoint_of(build, shards, stream);
        let mut transaction = self.store.begin().await?;
        let consumers = consumers_of(&mut *transaction)?;
        let checkpoint = self.lock_live(consumers, &id).await?;
        let held = Held::read(consumers, &id).await?;
        let table = &definition.table;
        let mut refolded = Refolded { events: 0, rows: 0 };
        let mut folder = self.projection.folder();
        // With the transaction's own connection: a second one may not be had while locks are held.
        let query = StreamQuery::new(stream.clone());
        let pages: Vec<Page> = transaction.read(&query).await?.pages.try_collect().await?;
        let all: Vec<StoredEvent<'_>> = pages
            .iter()
            .flat_map(Page::iter)
            .take_while(|event| event.position <= checkpoint.position || held.is_ahead_of(event))
            .filter(|event| !held.is_skipped(event))
            .collect();
        let consumers = consumers_of(&mut *transaction)?;
        let keys: BTreeSet<String> = all
            .chunks(BATCH)
            .flat_map(|events| folder.keys(events))
            .collect();
        let keys: Vec<String> = keys.into_iter().collect();
        refolded.rows = keys.len();
        for keys in keys.chunks(BATCH) {
            consumers.write_rows(table, &table.name, &[], keys).await?;
        }
        for events in all.chunks(BATCH) {
            refolded.events += events.len();
            let poisoned = folder.project(consumers, &table.name, events).await?;
            if let Some(poisoned) = poisoned.into_iter().next() {
                return Err(RebuildError::Event {
                    event: events[poisoned.index].address().to_string(),
                    source: poisoned.error,
                });
            }
        }
        let waiting = DeliveryQuery {
            consumer: Some(id.consumer.clone()),
            build: Some(build),
            blocking_only: true,
            ..DeliveryQuery::default()
        };
        for delivery in consumers.deliveries(&waiting).await? {
            if delivery.stream == *stream {
                consumers
                    .remove_delivery(&id.consumer, build, delivery.position)
                    .await?;
            }
        }
        consumers.save(&checkpoint).await?;
        transaction.commit().await?;
        Ok(refolded)
    }

    /// Locks a checkpoint of the live build, which must still be that, and of this definition.
    pub(super) async fn lock_live(
        &self,
        consumers: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
    ) -> Result<Checkpoint, RebuildError> {
        let definition = self.definition();
        match consumers.lock(id, Wait::ForOthers).await? {
            Locked::Taken(found)
                if found.role == Role::Live && found.definition == definition.version =>
            {
                Ok(*found)
            }
            Locked::Taken(found) => Err(RebuildError::NotLive {
                consumer: definition.name.to_owned(),
                live: found.definition,
                own: definition.version,
            }),
            Locked::Missing | Locked::Busy => Err(self.nothing_built()),
        }
    }

    /// The number of the live build and of its shards, if it is of this definition.
    pub(super) async fn live_of_ours(&self) -> Result<(u32, u32), RebuildError> {
        let definition = self.definition();
        let all = self.checkpoints().await?;
        let live = of_role(&all, Role::Live);
        if let Some(live) = live.first() {
            self.refuse_fed(live)?;
        }
        match live.first() {
            None => Err(RebuildError::NeverRun {
                consumer: definition.name.to_owned(),
            }),
            Some(first) if first.definition != definition.version => Err(RebuildError::NotLive {
                consumer: definition.name.to_owned(),
                live: first.definition,
                own: definition.version,
            }),
            Some(first) => Ok((
                first.id.build,
                u32::try_from(live.len()).unwrap_or(u32::MAX),
            )),
        }
    }
}
