//! How two builds in memory differ.

use rehydrate_port::{ChangedRow, DiffQuery, StoreError, Table, TableDiff};
use serde_json::Value;

use super::changes::merged;
use super::tables::{Key, Row, Rows, index_of, key_json, key_of, refused};

/// Two builds side by side.
pub(super) struct Comparison<'a> {
    pub(super) live: (&'a Rows, &'a Table),
    pub(super) next: (&'a Rows, &'a Table),
}

impl Comparison<'_> {
    /// Compares, and leaves the positions to the caller.
    pub(super) fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError> {
        let key = |table: &Table| -> Vec<_> {
            let columns = table.key().map(|column| (column.name.clone(), column.kind));
            columns.collect()
        };
        if key(self.live.1) != key(self.next.1) {
            return Err(refused("the builds have different keys"));
        }
        let shared = self.shared_columns()?;
        let mut diff = TableDiff {
            live_position: rehydrate_port::Position::ZERO,
            next_position: rehydrate_port::Position::ZERO,
            added: 0,
            removed: 0,
            changed: 0,
            rows: Vec::new(),
            asked: Vec::new(),
        };
        for key in self.all_keys() {
            match (self.live.0.by_key.get(key), self.next.0.by_key.get(key)) {
                (None, Some(_)) => diff.added += 1,
                (Some(_), None) => diff.removed += 1,
                (Some(live), Some(next)) if differ(live, next, &shared) => diff.changed += 1,
                _ => continue,
            }
            if diff.rows.len() < query.limit {
                diff.rows.push(self.row(key)?);
            }
        }
        for key in &query.keys {
            diff.asked
                .push(self.row(&key_of(&self.next.0.shape, key)?)?);
        }
        Ok(diff)
    }

    fn row(&self, key: &Key) -> Result<ChangedRow, StoreError> {
        let json = |(rows, shape): (&Rows, &Table)| -> Result<Option<Value>, StoreError> {
            let row = rows.by_key.get(key);
            row.map(|row| rows.json(row, shape)).transpose()
        };
        Ok(ChangedRow {
            key: key_json(key),
            live: json(self.live)?,
            next: json(self.next)?,
        })
    }

    fn all_keys(&self) -> impl Iterator<Item = &Key> {
        let next = self.next.0.by_key.iter().map(|(key, row)| (key, Some(row)));
        merged(self.live.0.by_key.iter(), next).map(|(key, _)| key)
    }

    /// Where the columns of both shapes stand in the rows of each.
    fn shared_columns(&self) -> Result<Vec<(usize, usize)>, StoreError> {
        let is_shared = |column: &&rehydrate_port::Column| {
            let other = self.next.1.column(&column.name);
            other.is_some_and(|other| other.kind == column.kind)
        };
        let shared = self.live.1.columns.iter().filter(is_shared);
        shared
            .map(|column| {
                Ok((
                    index_of(&self.live.0.shape, &column.name)?,
                    index_of(&self.next.0.shape, &column.name)?,
                ))
            })
            .collect()
    }
}

fn differ(live: &Row, next: &Row, shared: &[(usize, usize)]) -> bool {
    shared.iter().any(|&(one, other)| live[one] != next[other])
}
