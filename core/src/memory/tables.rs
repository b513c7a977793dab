//! The tables of read models, single-threaded.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use rehydrate_port::{
    BoxError, Column, ColumnKind, Filter, Operator, Order, RowQuery, StoreError, Table,
};
use serde_json::{Map, Value};

use super::cell::Cell;

pub(super) type Key = Vec<Cell>;

/// The cells of a row, in the order of its table's columns.
pub(super) type Row = Vec<Cell>;

/// The rows of a build, by key.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) shape: Table,
    pub(super) by_key: BTreeMap<Key, Row>,
}

impl Rows {
    pub(super) fn new(shape: Table) -> Self {
        Self {
            shape,
            by_key: BTreeMap::new(),
        }
    }

    /// The rows that a query asks for, in order, whatever its limit.
    pub(super) fn select(&self, query: &RowQuery) -> Result<Vec<&Row>, StoreError> {
        if query.after.is_some() && query.order_by.is_some() {
            return Err(refused("rows after a key come in the order of the key"));
        }
        let filters = query
            .filters
            .iter()
            .map(|filter| Condition::new(&self.shape, filter))
            .collect::<Result<Vec<_>, _>>()?;
        let wanted = |row: &&Row| filters.iter().all(|filter| filter.holds(row));
        if let Some(key) = &query.key {
            let key = key_of(&self.shape, key)?;
            let row = self.by_key.get(&key);
            let is_later = match &query.after {
                Some(after) => key > key_of(&self.shape, after)?,
                None => true,
            };
            return Ok(row
                .filter(wanted)
                .filter(|_| is_later)
                .into_iter()
                .collect());
        }
        let begin = match &query.after {
            Some(after) => Bound::Excluded(key_of(&self.shape, after)?),
            None => Bound::Unbounded,
        };
        let rows = self.by_key.range((begin, Bound::Unbounded));
        let rows = rows.map(|(_, row)| row).filter(wanted);
        let Some((column, order)) = &query.order_by else {
            return Ok(rows.take(query.limit.unwrap_or(usize::MAX)).collect());
        };
        let index = index_of(&self.shape, column)?;
        let mut rows: Vec<_> = rows.collect();
        // The sort is stable, so the key decides where the column is equal.
        rows.sort_by(|one, other| match order {
            Order::Ascending => one[index].cmp(&other[index]),
            Order::Descending => other[index].cmp(&one[index]),
        });
        Ok(rows)
    }

    /// A row with the columns of a shape, as JSON.
    pub(super) fn json(&self, row: &Row, shape: &Table) -> Result<Value, StoreError> {
        let mut object = Map::new();
        for column in &*shape.columns {
            let cell = &row[index_of(&self.shape, &column.name)?];
            object.insert(column.name.to_string(), cell.to_json());
        }
        Ok(Value::Object(object))
    }

    /// A row with its key, from its JSON.
    pub(super) fn parse(&self, row: &str) -> Result<(Key, Row), StoreError> {
        let object: Map<String, Value> =
            serde_json::from_str(row).map_err(|error| bad_row(&self.shape, error))?;
        let mut key = Key::new();
        let mut cells = Row::with_capacity(self.shape.columns.len());
        for column in &*self.shape.columns {
            let value = object.get(&*column.name).unwrap_or(&Value::Null);
            let cell = Cell::new(column, value).map_err(|error| bad_row(&self.shape, error))?;
            if column.is_key {
                key.push(cell.clone());
            }
            cells.push(cell);
        }
        Ok((key, cells))
    }
}

/// A key, from the JSON array of its values.
pub(super) fn key_of(shape: &Table, key: &str) -> Result<Key, StoreError> {
    let values: Vec<Value> = serde_json::from_str(key).map_err(|error| bad_row(shape, error))?;
    if values.len() != shape.key().count() {
        return Err(bad_row(shape, format!("{key} is not a key")));
    }
    shape
        .key()
        .zip(&values)
        .map(|(column, value)| Cell::new(column, value).map_err(|error| bad_row(shape, error)))
        .collect()
}

pub(super) fn key_json(key: &Key) -> Value {
    key.iter().map(Cell::to_json).collect()
}

/// Where a column stands in a row.
pub(super) fn index_of(shape: &Table, column: &str) -> Result<usize, StoreError> {
    let index = shape.columns.iter().position(|it| it.name == column);
    index.ok_or_else(|| refused(format!("table `{}` has no column `{column}`", shape.name)))
}

pub(super) fn refused(reason: impl Into<String>) -> StoreError {
    StoreError::Backend {
        action: "use a read model",
        source: reason.into().into(),
    }
}

fn bad_row(shape: &Table, reason: impl Into<BoxError>) -> StoreError {
    StoreError::BadRow {
        table: shape.name.to_string(),
        source: reason.into(),
    }
}

/// A filter whose column and value have been looked up.
struct Condition {
    index: usize,
    operator: Operator,
    value: Cell,
}

impl Condition {
    fn new(shape: &Table, filter: &Filter) -> Result<Self, StoreError> {
        let index = index_of(shape, &filter.column)?;
        let column: &Column = &shape.columns[index];
        let value = Cell::of_kind(column.kind, &filter.value)
            .filter(|value| column.kind != ColumnKind::Json || value.is_null());
        Ok(Self {
            index,
            operator: filter.operator,
            value: value.ok_or_else(|| {
                refused(format!(
                    "column `{}` holds {:?}, which does not compare with {}",
                    column.name, column.kind, filter.value
                ))
            })?,
        })
    }

    fn holds(&self, row: &Row) -> bool {
        let cell = &row[self.index];
        let order = cell.cmp(&self.value);
        match self.operator {
            Operator::Equal => return order.is_eq(),
            Operator::NotEqual => return order.is_ne(),
            _ if cell.is_null() || self.value.is_null() => return false,
            _ => {}
        }
        match self.operator {
            Operator::Less => order == Ordering::Less,
            Operator::AtMost => order != Ordering::Greater,
            Operator::More => order == Ordering::Greater,
            Operator::AtLeast | Operator::Equal | Operator::NotEqual => order != Ordering::Less,
        }
    }
}
