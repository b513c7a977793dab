//! A fold over the rows of one table.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use rehydrate_port::{BoxError, ConsumerTransaction, StoreError, StoredEvent, Table};
use serde_json::Value;

use super::fold::{KeyOf, Prepared, Rows};
use super::times::key_values;
use super::{Folder, Poisoned, Projection};
use crate::error::guarded;
use crate::read_model::ReadModel;

/// So many rows are remembered from one batch to the next.
const MAX_ROWS: usize = 20_000;

pub(super) struct TableFolder<P: Projection> {
    projection: Arc<P>,
    table: Table,
    rows: Rows<P>,
    /// Whether a row that is not remembered is not there.
    is_complete: bool,
}

impl<P: Projection> TableFolder<P> {
    pub(super) fn new(projection: Arc<P>, table: Table) -> Self {
        Self {
            projection,
            table,
            rows: Rows::default(),
            is_complete: false,
        }
    }

    /// Reads the rows that are concerned and not remembered, with one statement.
    async fn load(
        &mut self,
        transaction: &mut dyn ConsumerTransaction,
        physical: &str,
        prepared: &[Option<Prepared<'_, P>>],
    ) -> Result<(), StoreError> {
        let concerned = prepared.iter().flatten().flat_map(Prepared::keys);
        let unknown: BTreeSet<&KeyOf<P>> = concerned.filter(|key| !self.rows.knows(key)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        if !self.is_complete {
            let keys = unknown.iter().map(|key| key_text::<P>(&self.table, key));
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            for text in transaction.read_rows(&self.table, physical, &keys).await? {
                let (key, row) = parse::<P>(&self.table, &text)?;
                if !unknown.contains(&key) {
                    let reason = format!("the row with the key {key:?} was not asked for");
                    return Err(bad_row(&self.table, reason));
                }
                self.rows.learn(key, Some(row));
            }
        }
        for key in unknown {
            if !self.rows.knows(key) {
                self.rows.learn(key.clone(), None);
            }
        }
        Ok(())
    }

    async fn store(
        &mut self,
        transaction: &mut dyn ConsumerTransaction,
        physical: &str,
    ) -> Result<(), StoreError> {
        let mut written = Vec::new();
        let mut removed = Vec::new();
        for key in self.rows.take_changed() {
            match self.rows.get(&key) {
                Some(row) => written.push(self.encode(row)?),
                None => removed.push(key_text::<P>(&self.table, &key)?),
            }
        }
        if written.is_empty() && removed.is_empty() {
            return Ok(());
        }
        transaction
            .write_rows(&self.table, physical, &written, &removed)
            .await
    }

    fn encode(&self, row: &P::Row) -> Result<String, StoreError> {
        let text = guarded(|| Ok(serde_json::to_string(row)?));
        text.map_err(|source| bad_row(&self.table, source))
    }

    fn bound(&mut self) {
        if self.rows.len() > MAX_ROWS {
            self.forget();
        }
    }
}

#[async_trait]
impl<P: Projection> Folder for TableFolder<P> {
    async fn project(
        &mut self,
        transaction: &mut dyn ConsumerTransaction,
        physical: &str,
        events: &[StoredEvent<'_>],
    ) -> Result<Vec<Poisoned>, StoreError> {
        let mut poisoned = Vec::new();
        let mut prepared = Vec::with_capacity(events.len());
        for (index, stored) in events.iter().enumerate() {
            match Prepared::new(&*self.projection, *stored) {
                Ok(event) => prepared.push(Some(event)),
                Err(error) => {
                    poisoned.push(Poisoned { index, error });
                    prepared.push(None);
                }
            }
        }
        self.load(transaction, physical, &prepared).await?;
        // The first fault of a stream counts; what comes after it in the stream waits.
        let faulty: Vec<Poisoned> = std::mem::take(&mut poisoned);
        let mut faulty = faulty.into_iter().peekable();
        let mut stopped: HashSet<(&str, &str)> = HashSet::new();
        for (index, event) in prepared.iter().enumerate() {
            let stored = &events[index];
            let stream = (stored.category, stored.stream_id);
            let fault = faulty.next_if(|fault| fault.index == index);
            if stopped.contains(&stream) {
                continue;
            }
            let outcome = match (event, fault) {
                (Some(event), _) => self.rows.apply(&self.projection, event),
                (None, Some(fault)) => Err(fault.error),
                (None, None) => Ok(()),
            };
            if let Err(error) = outcome {
                stopped.insert(stream);
                poisoned.push(Poisoned { index, error });
            }
        }
        self.store(transaction, physical).await?;
        self.bound();
        Ok(poisoned)
    }

    fn forget(&mut self) {
        self.rows = Rows::default();
        self.is_complete = false;
    }

    fn begin_empty(&mut self) {
        self.rows = Rows::default();
        self.is_complete = true;
    }

    fn keys(&self, events: &[StoredEvent<'_>]) -> Vec<String> {
        let mut keys = BTreeSet::new();
        for stored in events {
            if let Ok(event) = Prepared::new(&*self.projection, *stored) {
                let texts = event.keys().map(|key| key_text::<P>(&self.table, key));
                keys.extend(texts.flatten());
            }
        }
        keys.into_iter().collect()
    }

    fn fold(
        &self,
        rows: &[String],
        events: &[StoredEvent<'_>],
    ) -> Result<Vec<(String, Option<Value>)>, BoxError> {
        let mut folded: Rows<P> = Rows::default();
        let mut keys = BTreeSet::new();
        for text in rows {
            let (key, row) = parse::<P>(&self.table, text)?;
            keys.insert(key.clone());
            folded.learn(key, Some(row));
        }
        for stored in events {
            let event = Prepared::new(&*self.projection, *stored)?;
            keys.extend(event.keys().cloned());
            folded.apply(&self.projection, &event)?;
        }
        keys.into_iter()
            .map(|key| {
                let encode = || Ok(folded.get(&key).map(serde_json::to_value).transpose()?);
                Ok((key_text::<P>(&self.table, &key)?, guarded(encode)?))
            })
            .collect()
    }
}

fn key_text<P: Projection>(table: &Table, key: &KeyOf<P>) -> Result<String, StoreError> {
    let text = guarded(|| Ok(key_values::<P>(key).to_string()));
    text.map_err(|source| bad_row(table, source))
}

/// A row with its key.
fn parse<P: Projection>(table: &Table, text: &str) -> Result<(KeyOf<P>, P::Row), StoreError> {
    let parsed = guarded(|| {
        let row: P::Row = serde_json::from_str(text)?;
        Ok((row.key(), row))
    });
    parsed.map_err(|source| bad_row(table, source))
}

fn bad_row(table: &Table, source: impl Into<BoxError>) -> StoreError {
    StoreError::BadRow {
        table: table.name.to_string(),
        source: source.into(),
    }
}
