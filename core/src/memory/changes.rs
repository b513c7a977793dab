//! What a transaction changes, laid over what the others see until it commits.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::Utc;
use rehydrate_port::{
    Ahead, Checkpoint, CheckpointId, Delivery, DeliveryQuery, FeedPlace, LastFed, Locked, Position,
    RelayRecord, Role, StoreError, Table, WaitingEvent, physical_name,
};

use super::kept::{AheadKey, DeliveryKey, FedKey, FeedKey, Kept, TableId, missing};
use super::tables::{Key, Row, key_of, refused};

/// `None` stands for what was removed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) checkpoints: BTreeMap<CheckpointId, Checkpoint>,
    pub(super) deliveries: BTreeMap<DeliveryKey, Option<Delivery>>,
    pub(super) ahead: BTreeMap<AheadKey, Option<Ahead>>,
    pub(super) feeds: BTreeMap<FeedKey, FeedPlace>,
    pub(super) fed: BTreeMap<FedKey, LastFed>,
    pub(super) relays: BTreeMap<FeedKey, RelayRecord>,
    pub(super) waiting: BTreeMap<DeliveryKey, Option<WaitingEvent>>,
    pub(super) names: BTreeMap<String, Option<TableId>>,
    pub(super) rows: BTreeMap<TableId, BTreeMap<Key, Option<Row>>>,
}

impl Changes {
    pub(super) fn lock(&self, kept: &Kept, id: &CheckpointId) -> Locked {
        // Whoever has begun a transaction has the store for himself, so nobody else has it locked.
        match self.checkpoint(kept, id) {
            Some(checkpoint) => Locked::Taken(Box::new(checkpoint.clone())),
            None => Locked::Missing,
        }
    }

    pub(super) fn save(&mut self, kept: &Kept, saved: &Checkpoint) -> Result<(), StoreError> {
        let old = self.checkpoint(kept, &saved.id);
        let old = old.ok_or_else(|| missing(&saved.id.consumer, Some(saved.id.build)))?;
        let checkpoint = Checkpoint {
            kind: saved.kind,
            position: saved.position,
            condition: saved.condition.clone(),
            event_at: saved.event_at,
            revision: old.revision + 1,
            changed_at: Utc::now(),
            ..old.clone()
        };
        self.checkpoints.insert(saved.id.clone(), checkpoint);
        Ok(())
    }

    pub(super) fn deliveries(&self, kept: &Kept, query: &DeliveryQuery) -> Vec<Delivery> {
        let begin = (
            query.consumer.clone().unwrap_or_default(),
            query.build.unwrap_or(0),
            Position::ZERO,
        );
        let over = self.deliveries.range(begin.clone()..);
        merged(
            kept.deliveries.range(begin..),
            over.map(|(key, delivery)| (key, delivery.as_ref())),
        )
        .map(|(_, delivery)| delivery)
        .take_while(|it| {
            query
                .consumer
                .as_ref()
                .is_none_or(|name| it.consumer == *name)
        })
        .filter(|it| query.build.is_none_or(|build| it.build == build))
        .filter(|it| {
            query
                .position
                .is_none_or(|position| it.position == position)
        })
        .filter(|it| query.admits(&it.state))
        .take(query.limit.unwrap_or(usize::MAX))
        .cloned()
        .collect()
    }

    pub(super) fn ahead(&self, kept: &Kept, id: &CheckpointId) -> Vec<Ahead> {
        let is_wanted = |key: &AheadKey| key.0 == *id;
        let below = kept.ahead.iter().filter(|(key, _)| is_wanted(key));
        let over = self.ahead.iter().filter(|(key, _)| is_wanted(key));
        merged(below, over.map(|(key, ahead)| (key, ahead.as_ref())))
            .map(|(_, ahead)| ahead.clone())
            .collect()
    }

    pub(super) fn put_ahead(&mut self, id: &CheckpointId, ahead: &Ahead) {
        let key = (id.clone(), ahead.stream.clone());
        self.ahead.insert(key, Some(ahead.clone()));
    }

    pub(super) fn forget_ahead(&mut self, kept: &Kept, id: &CheckpointId, up_to: Position) {
        for ahead in self.ahead(kept, id) {
            if ahead.position <= up_to {
                self.ahead.insert((id.clone(), ahead.stream), None);
            }
        }
    }

    pub(super) fn read_rows(
        &self,
        kept: &Kept,
        table: &Table,
        physical: &str,
        keys: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let id = self.table(kept, physical)?;
        let rows = kept.rows(id)?;
        let changed = self.rows.get(&id);
        let mut found = Vec::new();
        for key in keys {
            let key = key_of(&rows.shape, key)?;
            let row = match changed.and_then(|changed| changed.get(&key)) {
                Some(row) => row.as_ref(),
                None => rows.by_key.get(&key),
            };
            if let Some(row) = row {
                found.push(rows.json(row, table)?.to_string());
            }
        }
        Ok(found)
    }

    pub(super) fn write_rows(
        &mut self,
        kept: &Kept,
        physical: &str,
        rows: &[String],
        removed: &[String],
    ) -> Result<(), StoreError> {
        let id = self.table(kept, physical)?;
        let table = kept.rows(id)?;
        let changed = self.rows.entry(id).or_default();
        for row in rows {
            let (key, row) = table.parse(row)?;
            changed.insert(key, Some(row));
        }
        for key in removed {
            changed.insert(key_of(&table.shape, key)?, None);
        }
        Ok(())
    }

    pub(super) fn swap(
        &mut self,
        kept: &Kept,
        consumer: &str,
        table: &Table,
        live: u32,
        next: u32,
    ) -> Result<(), StoreError> {
        let next_name = physical_name(&table.name, next, Role::Building);
        let live_table = self.table(kept, &table.name)?;
        let next_table = self.table(kept, &next_name)?;
        self.give_role(kept, consumer, live, Role::Retired)?;
        self.give_role(kept, consumer, next, Role::Live)?;
        let retired = physical_name(&table.name, live, Role::Retired);
        self.names.insert(next_name, None);
        self.names.insert(retired, Some(live_table));
        self.names.insert(table.name.to_string(), Some(next_table));
        Ok(())
    }

    fn give_role(
        &mut self,
        kept: &Kept,
        consumer: &str,
        build: u32,
        role: Role,
    ) -> Result<(), StoreError> {
        let shards: Vec<_> = kept
            .shards(consumer, build)
            .map(|it| it.id.clone())
            .collect();
        if shards.is_empty() {
            return Err(missing(consumer, Some(build)));
        }
        for id in shards {
            if let Some(checkpoint) = self.checkpoint(kept, &id) {
                let checkpoint = Checkpoint {
                    role,
                    revision: checkpoint.revision + 1,
                    changed_at: Utc::now(),
                    ..checkpoint.clone()
                };
                self.checkpoints.insert(id, checkpoint);
            }
        }
        Ok(())
    }

    fn checkpoint<'a>(&'a self, kept: &'a Kept, id: &CheckpointId) -> Option<&'a Checkpoint> {
        let changed = self.checkpoints.get(id);
        changed.or_else(|| kept.checkpoints.get(id))
    }

    fn table(&self, kept: &Kept, physical: &str) -> Result<TableId, StoreError> {
        let id = match self.names.get(physical) {
            Some(id) => *id,
            None => kept.names.get(physical).copied(),
        };
        id.ok_or_else(|| refused(format!("there is no table `{physical}`")))
    }
}

/// Two maps as one, in order: the second one wins, and its `None`s take away.
pub(super) fn merged<'a, K: Ord + 'a, V: 'a>(
    below: impl Iterator<Item = (&'a K, &'a V)>,
    over: impl Iterator<Item = (&'a K, Option<&'a V>)>,
) -> impl Iterator<Item = (&'a K, &'a V)> {
    let mut below = below.peekable();
    let mut over = over.peekable();
    std::iter::from_fn(move || {
        loop {
            let order = match (below.peek(), over.peek()) {
                (Some((lower, _)), Some((upper, _))) => lower.cmp(upper),
                (Some(_), None) => Ordering::Less,
                (None, _) => Ordering::Greater,
            };
            if order.is_lt() {
                return below.next();
            }
            if order.is_eq() {
                below.next();
            }
            if let (key, Some(value)) = over.next()? {
                return Some((key, value));
            }
        }
    })
}
