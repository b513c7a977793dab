//! The consumers of the log in memory.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{SubsecRound, TimeDelta, Utc};
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, ConsumerStore, ConsumerTransaction, Delivery, DeliveryQuery,
    DiffQuery, FeedPlace, LastFed, Leased, Locked, LogCount, Position, RelayRecord, RowQuery,
    RowsRead, StoreError, StreamId, Table, TableDiff, Totals, Wait, WaitingEvent,
};

use super::MemoryStore;
use super::cell::Cell;
use super::changes::Changes;
use super::diff::Comparison;
use super::tables::{Row, index_of, refused};
use super::transaction::MemoryTransaction;

#[async_trait]
impl ConsumerStore for MemoryStore {
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError> {
        let state = self.state();
        let all = state.kept.checkpoints.values();
        let wanted = all.filter(|it| consumer.is_none_or(|name| it.id.consumer == name));
        Ok(wanted.cloned().collect())
    }

    async fn create_build(&self, shards: &[Checkpoint]) -> Result<(), StoreError> {
        let _turn = self.writer.lock().await;
        self.state().kept.create_build(shards);
        Ok(())
    }

    async fn drop_build(&self, consumer: &str, build: u32) -> Result<(), StoreError> {
        let _turn = self.writer.lock().await;
        self.state().kept.drop_build(consumer, build)
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        Ok(Changes::default().deliveries(&self.state().kept, query))
    }

    async fn feeds(&self, consumer: Option<&str>) -> Result<Vec<FeedPlace>, StoreError> {
        let state = self.state();
        let all = state.kept.feeds.values();
        let wanted = all.filter(|it| consumer.is_none_or(|name| it.consumer == name));
        Ok(wanted.cloned().collect())
    }

    async fn relays(&self, consumer: Option<&str>) -> Result<Vec<RelayRecord>, StoreError> {
        let state = self.state();
        let all = state.kept.relays.values();
        let wanted = all.filter(|it| consumer.is_none_or(|name| it.consumer == name));
        Ok(wanted.cloned().collect())
    }

    async fn select_rows(&self, query: &RowQuery) -> Result<RowsRead, StoreError> {
        let state = self.state();
        let (rows, position) = state.kept.rows_of(query)?;
        let selected = rows.select(query)?;
        let wanted = selected.into_iter().take(query.limit.unwrap_or(usize::MAX));
        let json = wanted.map(|row| Ok(rows.json(row, &query.table)?.to_string()));
        Ok(RowsRead {
            rows: json.collect::<Result<_, StoreError>>()?,
            position,
        })
    }

    async fn total_rows(&self, query: &RowQuery, columns: &[&str]) -> Result<Totals, StoreError> {
        let all = RowQuery {
            order_by: None,
            limit: None,
            ..query.clone()
        };
        let state = self.state();
        let (rows, position) = state.kept.rows_of(&all)?;
        let selected = rows.select(&all)?;
        let sums = columns.iter().map(|name| {
            let index = index_of(&rows.shape, name)?;
            sum(&selected, index).ok_or_else(|| refused(format!("`{name}` has no sum")))
        });
        Ok(Totals {
            sums: sums.collect::<Result<_, _>>()?,
            rows: selected.len() as u64,
            position,
        })
    }

    async fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError> {
        let state = self.state();
        let (live, next) = (&query.live, &query.next);
        let (live_rows, live_position) = state.kept.rows_of_build(&query.consumer, live.0)?;
        let (next_rows, next_position) = state.kept.rows_of_build(&query.consumer, next.0)?;
        let comparison = Comparison {
            live: (live_rows, &live.1),
            next: (next_rows, &next.1),
        };
        Ok(TableDiff {
            live_position,
            next_position,
            ..comparison.diff(query)?
        })
    }

    async fn count_log(&self, count: &LogCount) -> Result<u64, StoreError> {
        Ok(self.state().log.count(count))
    }

    async fn lease(
        &self,
        id: &CheckpointId,
        owner: &str,
        duration: Duration,
    ) -> Result<Leased, StoreError> {
        let now = Utc::now().trunc_subsecs(6);
        let mut state = self.state();
        let Some(checkpoint) = state.kept.checkpoints.get_mut(id) else {
            return Ok(Leased::Missing);
        };
        match &checkpoint.lease {
            Some((holder, until)) if holder != owner && *until > now => Ok(Leased::Held {
                owner: holder.clone(),
                until: *until,
            }),
            _ => {
                let duration = TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(36_500));
                checkpoint.lease = Some((owner.to_owned(), now + duration));
                Ok(Leased::Given(Box::new(checkpoint.clone())))
            }
        }
    }

    async fn release(&self, id: &CheckpointId, owner: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(checkpoint) = state.kept.checkpoints.get_mut(id) {
            checkpoint.lease.take_if(|(holder, _)| holder == owner);
        }
        Ok(())
    }
}

#[async_trait]
impl ConsumerTransaction for MemoryTransaction {
    async fn lock(&mut self, id: &CheckpointId, _: Wait) -> Result<Locked, StoreError> {
        self.change(|kept, changes| Ok(changes.lock(kept, id)))
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.change(|kept, changes| changes.save(kept, checkpoint))
    }

    async fn deliveries(&mut self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        self.change(|kept, changes| Ok(changes.deliveries(kept, query)))
    }

    async fn put_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        let key = (delivery.consumer.clone(), delivery.build, delivery.position);
        self.change(|_, changes| {
            changes.deliveries.insert(key, Some(delivery.clone()));
            Ok(())
        })
    }

    async fn remove_delivery(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError> {
        self.change(|_, changes| {
            let key = (consumer.to_owned(), build, position);
            changes.deliveries.insert(key, None);
            Ok(())
        })
    }

    async fn ahead(&mut self, id: &CheckpointId) -> Result<Vec<Ahead>, StoreError> {
        self.change(|kept, changes| Ok(changes.ahead(kept, id)))
    }

    async fn put_ahead(&mut self, id: &CheckpointId, ahead: &Ahead) -> Result<(), StoreError> {
        self.change(|_, changes| {
            changes.put_ahead(id, ahead);
            Ok(())
        })
    }

    async fn forget_ahead(&mut self, id: &CheckpointId, up_to: Position) -> Result<(), StoreError> {
        self.change(|kept, changes| {
            changes.forget_ahead(kept, id, up_to);
            Ok(())
        })
    }

    async fn feed(&mut self, consumer: &str, build: u32) -> Result<Option<FeedPlace>, StoreError> {
        self.change(|kept, changes| Ok(changes.feed(kept, consumer, build)))
    }

    async fn put_feed(&mut self, place: &FeedPlace) -> Result<(), StoreError> {
        self.change(|_, changes| {
            changes.put_feed(place);
            Ok(())
        })
    }

    async fn relay(
        &mut self,
        consumer: &str,
        build: u32,
    ) -> Result<Option<RelayRecord>, StoreError> {
        self.change(|kept, changes| Ok(changes.relay(kept, consumer, build)))
    }

    async fn put_relay(&mut self, record: &RelayRecord) -> Result<(), StoreError> {
        self.change(|_, changes| {
            changes.put_relay(record);
            Ok(())
        })
    }

    async fn last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        streams: &[StreamId],
    ) -> Result<Vec<LastFed>, StoreError> {
        self.change(|kept, changes| Ok(changes.last_fed(kept, consumer, build, streams)))
    }

    async fn put_last_fed(
        &mut self,
        consumer: &str,
        build: u32,
        last: &[LastFed],
    ) -> Result<(), StoreError> {
        self.change(|_, changes| {
            changes.put_last_fed(consumer, build, last);
            Ok(())
        })
    }

    async fn fed_further(
        &mut self,
        consumer: &str,
        build: u32,
        than: u32,
    ) -> Result<u64, StoreError> {
        self.change(|kept, changes| Ok(changes.fed_further(kept, consumer, build, than)))
    }

    async fn waiting(
        &mut self,
        consumer: &str,
        build: u32,
        stream: &StreamId,
        after: Position,
        limit: usize,
    ) -> Result<Vec<WaitingEvent>, StoreError> {
        self.change(|kept, changes| {
            let waiting = changes.waiting(kept, consumer, build);
            let wanted = waiting.filter(|it| it.stream == *stream && it.position > after);
            Ok(wanted.take(limit).cloned().collect())
        })
    }

    async fn put_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        event: &WaitingEvent,
    ) -> Result<(), StoreError> {
        self.change(|_, changes| {
            let key = (consumer.to_owned(), build, event.position);
            changes.waiting.insert(key, Some(event.clone()));
            Ok(())
        })
    }

    async fn remove_waiting(
        &mut self,
        consumer: &str,
        build: u32,
        position: Position,
    ) -> Result<(), StoreError> {
        self.change(|_, changes| {
            let key = (consumer.to_owned(), build, position);
            changes.waiting.insert(key, None);
            Ok(())
        })
    }

    async fn read_rows(
        &mut self,
        table: &Table,
        physical: &str,
        keys: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.change(|kept, changes| changes.read_rows(kept, table, physical, keys))
    }

    async fn write_rows(
        &mut self,
        _: &Table,
        physical: &str,
        rows: &[String],
        removed: &[String],
    ) -> Result<(), StoreError> {
        self.change(|kept, changes| changes.write_rows(kept, physical, rows, removed))
    }

    async fn swap(
        &mut self,
        consumer: &str,
        table: &Table,
        live: u32,
        next: u32,
    ) -> Result<(), StoreError> {
        self.change(|kept, changes| changes.swap(kept, consumer, table, live, next))
    }
}

/// `None` if a cell is no integer, or the sum is none of 64 bits.
fn sum(rows: &[&Row], index: usize) -> Option<i64> {
    rows.iter().try_fold(0_i64, |sum, row| match &row[index] {
        Cell::Null => Some(sum),
        Cell::Integer(number) => sum.checked_add(*number),
        _ => None,
    })
}
