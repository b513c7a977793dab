//! The transactions of a store that breaks a promise.

use async_trait::async_trait;
use rehydrate::{
    AfterCommit, Ahead, Appended, Batch, Checkpoint, CheckpointId, ConsumerStore,
    ConsumerTransaction, Delivery, DeliveryQuery, DeliveryState, Expected, FeedPlace, Identity,
    LastFed, Locked, Position, RelayRecord, StoreError, StreamId, StreamQuery, StreamRead, Table,
    Transaction, Wait, WaitingEvent,
};

use super::{Fault, Faulty};

#[derive(Debug)]
pub(crate) struct FaultyTransaction {
    pub(crate) faulty: Faulty,
    pub(crate) inner: Box<dyn Transaction>,
}

impl FaultyTransaction {
    fn within(&mut self) -> &mut dyn ConsumerTransaction {
        self.inner.consumers().unwrap()
    }
}

#[async_trait]
impl Transaction for FaultyTransaction {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn store(&self) -> Identity {
        self.inner.store()
    }

    async fn append(
        &mut self,
        stream: &StreamId,
        expected: Expected,
        batch: &Batch,
    ) -> Result<Appended, StoreError> {
        self.inner.append(stream, expected, batch).await
    }

    async fn read(&mut self, query: &StreamQuery) -> Result<StreamRead<'_>, StoreError> {
        self.inner.read(query).await
    }

    fn consumers(&mut self) -> Option<&mut dyn ConsumerTransaction> {
        Some(self)
    }

    fn after_commit(&mut self, action: AfterCommit) {
        self.inner.after_commit(action);
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.rollback().await
    }
}

#[async_trait]
impl ConsumerTransaction for FaultyTransaction {
    async fn lock(&mut self, id: &CheckpointId, wait: Wait) -> Result<Locked, StoreError> {
        if self.faulty.has(Fault::LocksNothing) || self.faulty.has(Fault::CommitsRowsAtOnce) {
            let all = self.faulty.checkpoints(Some(&id.consumer)).await?;
            let found = all.into_iter().find(|checkpoint| checkpoint.id == *id);
            return Ok(found.map_or(Locked::Missing, |found| Locked::Taken(Box::new(found))));
        }
        self.within().lock(id, wait).await
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        match self.faulty.fault {
            Fault::LocksNothing | Fault::CommitsRowsAtOnce => return Ok(()),
            Fault::KeepsTheKind => {
                let all = self
                    .faulty
                    .checkpoints(Some(&checkpoint.id.consumer))
                    .await?;
                let found = all.into_iter().find(|it| it.id == checkpoint.id);
                let kind = found.map_or(checkpoint.kind, |found| found.kind);
                let checkpoint = Checkpoint {
                    kind,
                    ..checkpoint.clone()
                };
                return self.within().save(&checkpoint).await;
            }
            Fault::SavesTwice => self.within().save(checkpoint).await?,
            _ => {}
        }
        self.within().save(checkpoint).await
    }

    async fn deliveries(&mut self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        self.within().deliveries(query).await
    }

    async fn put_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let is_skipped = matches!(delivery.state, DeliveryState::Skipped { .. });
        if is_skipped && self.faulty.has(Fault::LosesADelivery) {
            return Ok(());
        }
        self.within().put_delivery(delivery).await
    }

    async fn remove_delivery(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError> {
        self.within()
            .remove_delivery(consumer, build, position)
            .await
    }

    async fn ahead(&mut self, id: &CheckpointId) -> Result<Vec<Ahead>, StoreError> {
        self.within().ahead(id).await
    }

    async fn put_ahead(&mut self, id: &CheckpointId, ahead: &Ahead) -> Result<(), StoreError> {
        self.within().put_ahead(id, ahead).await
    }

    async fn forget_ahead(&mut self, id: &CheckpointId, up_to: Position) -> Result<(), StoreError> {
        self.within().forget_ahead(id, up_to).await?;
        if self.faulty.has(Fault::ForgetsOfEveryShard) {
            for shard in 0..4 {
                let id = CheckpointId {
                    shard,
                    ..id.clone()
                };
                self.within().forget_ahead(&id, up_to).await?;
            }
        }
        Ok(())
    }

    async fn feed(&mut self, consumer: &str, build: u32) -> Result<Option<FeedPlace>, StoreError> {
        self.within().feed(consumer, build).await
    }

    async fn put_feed(&mut self, place: &FeedPlace) -> Result<(), StoreError> {
        if self.faulty.has(Fault::ForgetsAPlace) {
            return Ok(());
        }
        self.within().put_feed(place).await
    }

    async fn relay(
        &mut self,
        consumer: &str,
        build: u32,
    ) -> Result<Option<RelayRecord>, StoreError> {
        self.within().relay(consumer, build).await
    }

    async fn put_relay(&mut self, record: &RelayRecord) -> Result<(), StoreError> {
        let mut record = record.clone();
        if self.faulty.has(Fault::ForgetsABroker) {
            record.destination = None;
        }
        self.within().put_relay(&record).await
    }

    async fn last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        streams: &[StreamId],
    ) -> Result<Vec<LastFed>, StoreError> {
        self.within().last_fed(consumer, build, streams).await
    }

    async fn put_last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        last: &[LastFed],
    ) -> Result<(), StoreError> {
        let mut last = last.to_vec();
        if self.faulty.has(Fault::ForgetsParts) {
            last.iter_mut().for_each(|it| it.part = 0);
        }
        self.within().put_last_fed(consumer, build, &last).await
    }

    async fn fed_further(
        &mut self,
        consumer: &str,
        build: u32,
        than: u32,
    ) -> Result<u64, StoreError> {
        self.within().fed_further(consumer, build, than).await
    }

    async fn waiting(
        &mut self,
        consumer: &str,
        build: u32,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<WaitingEvent>, StoreError> {
        let waiting = self.within().waiting(consumer, build, stream, after, limit);
        let mut waiting = waiting.await?;
        if self.faulty.has(Fault::TurnsTheQueueRound) {
            waiting.reverse();
        }
        Ok(waiting)
    }

    async fn put_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        event: &WaitingEvent,
    ) -> Result<(), StoreError> {
        self.within().put_waiting(consumer, build, event).await
    }

    async fn remove_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError> {
        self.within()
            .remove_waiting(consumer, build, position)
            .await
    }

    async fn read_rows(
        &mut self,
        table: &Table,
        physical: &str,
        keys: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.within().read_rows(table, physical, keys).await
    }

    async fn write_rows(
        &mut self,
        table: &Table,
        physical: &str,
        rows: &[String],
        removed: &[String],
    ) -> Result<(), StoreError> {
        let half = &rows[..rows.len().div_ceil(2)];
        match self.faulty.fault {
            Fault::WritesNoRows => Ok(()),
            Fault::WritesHalfOfTheRows => {
                self.within()
                    .write_rows(table, physical, half, removed)
                    .await
            }
            Fault::HidesBadRows => {
                let written = self
                    .within()
                    .write_rows(table, physical, rows, removed)
                    .await;
                written.or(Ok(()))
            }
            Fault::CommitsRowsAtOnce => {
                let mut at_once = self.faulty.store.begin().await?;
                at_once.write_rows(table, physical, rows, removed).await?;
                at_once.commit().await
            }
            _ => {
                self.within()
                    .write_rows(table, physical, rows, removed)
                    .await
            }
        }
    }

    async fn swap(
        &mut self,
        consumer: &str,
        table: &Table,
        live: u32,
        next: u32,
    ) -> Result<(), StoreError> {
        if self.faulty.has(Fault::SwapsNothing) {
            return Ok(());
        }
        self.within().swap(consumer, table, live, next).await
    }
}
