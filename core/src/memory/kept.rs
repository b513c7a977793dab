//! What is kept for consumers, single-threaded.

use std::collections::BTreeMap;

use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, Delivery, FeedPlace, LastFed, Position, RelayRecord, Role,
    RowQuery, StoreError, StreamId, WaitingEvent,
};

use super::changes::Changes;
use super::tables::{Rows, refused};

pub(super) type DeliveryKey = (String, u32, Position);
pub(super) type AheadKey = (CheckpointId, StreamId);
pub(super) type FeedKey = (String, u32);
pub(super) type FedKey = (String, u32, StreamId);

/// A table, whatever its name is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableId(u64);

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) checkpoints: BTreeMap<CheckpointId, Checkpoint>,
    pub(super) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(super) ahead: BTreeMap<AheadKey, Ahead>,
    pub(super) feeds: BTreeMap<FeedKey, FeedPlace>,
    pub(super) fed: BTreeMap<FedKey, LastFed>,
    pub(super) relays: BTreeMap<FeedKey, RelayRecord>,
    pub(super) waiting: BTreeMap<DeliveryKey, WaitingEvent>,
    pub(super) names: BTreeMap<String, TableId>,
    tables: BTreeMap<TableId, Rows>,
    tables_made: u64,
}

impl Kept {
    pub(super) fn shards(&self, consumer: &str, build: u32) -> impl Iterator<Item = &Checkpoint> {
        let first = CheckpointId {
            consumer: consumer.to_owned(),
            build,
            shard: 0,
        };
        let checkpoints = self.checkpoints.range(first.clone()..);
        checkpoints
            .map(|(_, checkpoint)| checkpoint)
            .take_while(move |it| it.id.consumer == first.consumer && it.id.build == build)
    }

    pub(super) fn rows(&self, id: TableId) -> Result<&Rows, StoreError> {
        let rows = self.tables.get(&id);
        rows.ok_or_else(|| refused("the table has been removed"))
    }

    /// The rows that a query is about, and how far they are.
    pub(super) fn rows_of(&self, query: &RowQuery) -> Result<(&Rows, Position), StoreError> {
        let position = match query.build {
            Some((build, _)) => self.position(&query.consumer, build)?,
            None => {
                let live =
                    |it: &&Checkpoint| it.id.consumer == query.consumer && it.role == Role::Live;
                let live = self.checkpoints.values().find(live);
                let live = live.ok_or_else(|| missing(&query.consumer, None))?;
                self.position(&query.consumer, live.id.build)?
            }
        };
        Ok((self.named(&query.physical_table())?, position))
    }

    /// The rows of a build, and how far they are.
    pub(super) fn rows_of_build(
        &self,
        consumer: &str,
        build: u32,
    ) -> Result<(&Rows, Position), StoreError> {
        let name = self
            .shards(consumer, build)
            .find_map(Checkpoint::physical_table)
            .ok_or_else(|| missing(consumer, Some(build)))?;
        Ok((self.named(&name)?, self.position(consumer, build)?))
    }

    pub(super) fn create_build(&mut self, shards: &[Checkpoint]) {
        let is_there = |id: &CheckpointId| self.shards(&id.consumer, id.build).next().is_some();
        if shards.iter().any(|shard| is_there(&shard.id)) {
            return;
        }
        for shard in shards {
            if let (Some(shape), Some(name)) = (&shard.table, shard.physical_table())
                && !self.names.contains_key(&name)
            {
                let id = TableId(self.tables_made);
                self.tables_made += 1;
                self.names.insert(name, id);
                self.tables.insert(id, Rows::new(shape.clone()));
            }
            self.checkpoints.insert(shard.id.clone(), shard.clone());
        }
    }

    pub(super) fn drop_build(&mut self, consumer: &str, build: u32) -> Result<(), StoreError> {
        if self.shards(consumer, build).any(|it| it.role == Role::Live) {
            return Err(refused(format!("build {build} of `{consumer}` is live")));
        }
        let tables = self
            .shards(consumer, build)
            .filter_map(Checkpoint::physical_table);
        for name in tables.collect::<Vec<_>>() {
            if let Some(id) = self.names.remove(&name) {
                self.tables.remove(&id);
            }
        }
        let is_other = |name: &str, number: u32| name != consumer || number != build;
        self.checkpoints
            .retain(|id, _| is_other(&id.consumer, id.build));
        self.deliveries.retain(|key, _| is_other(&key.0, key.1));
        self.ahead
            .retain(|(id, _), _| is_other(&id.consumer, id.build));
        self.feeds.retain(|key, _| is_other(&key.0, key.1));
        self.fed.retain(|key, _| is_other(&key.0, key.1));
        self.relays.retain(|key, _| is_other(&key.0, key.1));
        self.waiting.retain(|key, _| is_other(&key.0, key.1));
        Ok(())
    }

    /// Makes a transaction's changes everybody's.
    pub(super) fn take_over(&mut self, changes: Changes) {
        for (id, mut checkpoint) in changes.checkpoints {
            // Leases are given outside of transactions, so this one may be newer.
            let old = self.checkpoints.get(&id);
            checkpoint.lease = old.and_then(|old| old.lease.clone());
            self.checkpoints.insert(id, checkpoint);
        }
        overwrite(&mut self.deliveries, changes.deliveries);
        overwrite(&mut self.ahead, changes.ahead);
        self.feeds.extend(changes.feeds);
        self.fed.extend(changes.fed);
        self.relays.extend(changes.relays);
        overwrite(&mut self.waiting, changes.waiting);
        overwrite(&mut self.names, changes.names);
        for (id, rows) in changes.rows {
            if let Some(table) = self.tables.get_mut(&id) {
                overwrite(&mut table.by_key, rows);
            }
        }
    }

    fn named(&self, physical: &str) -> Result<&Rows, StoreError> {
        let id = self.names.get(physical);
        let id = id.ok_or_else(|| refused(format!("there is no table `{physical}`")))?;
        self.rows(*id)
    }

    fn position(&self, consumer: &str, build: u32) -> Result<Position, StoreError> {
        let positions = self.shards(consumer, build).map(|shard| shard.position);
        positions
            .min()
            .ok_or_else(|| missing(consumer, Some(build)))
    }
}

/// That there is no such build, or no live one.
pub(super) fn missing(consumer: &str, build: Option<u32>) -> StoreError {
    refused(match build {
        Some(build) => format!("`{consumer}` has no build {build}"),
        None => format!("`{consumer}` has no live build"),
    })
}

fn overwrite<K: Ord, V>(map: &mut BTreeMap<K, V>, changes: BTreeMap<K, Option<V>>) {
    for (key, value) in changes {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
