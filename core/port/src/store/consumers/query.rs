//! What is asked of a store about its consumers, and what it answers.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::state::{DeliveryState, Role, physical_name};
use crate::stream::Position;
use crate::table::Table;

/// Which deliveries to read.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    /// Only of this consumer.
    pub consumer: Option<String>,
    /// Only of this build.
    pub build: Option<u32>,
    /// Only that of this position.
    pub position: Option<Position>,
    /// Only those whose stream waits: parked and retrying ones.
    pub blocking_only: bool,
    /// Only those that are to be tried again, or have asked to be, at this time or before.
    pub due_by: Option<DateTime<Utc>>,
    /// At most this many, the first by consumer, build and position.
    pub limit: Option<usize>,
}

impl DeliveryQuery {
    /// Whether a delivery in this state is asked for.
    #[must_use]
    pub fn admits(&self, state: &DeliveryState) -> bool {
        let blocks = matches!(
            state,
            DeliveryState::Parked | DeliveryState::Retrying { .. }
        );
        let due = match state {
            DeliveryState::Retrying { at } | DeliveryState::Scheduled { at } => Some(*at),
            DeliveryState::Parked | DeliveryState::Skipped { .. } => None,
        };
        (blocks || !self.blocking_only)
            && self
                .due_by
                .is_none_or(|by| due.is_some_and(|due| due <= by))
    }
}

/// Which rows to read.
#[derive(Clone, Debug)]
pub struct RowQuery {
    /// The consumer that keeps them.
    pub consumer: String,
    /// Its table.
    pub table: Table,
    /// The build and its role; the live one if it is `None`.
    pub build: Option<(u32, Role)>,
    /// Conditions that all hold.
    pub filters: Vec<Filter>,
    /// Ordered by this column, where nothing is smaller than anything, and by the key, the smallest
    /// first, where it is equal.
    pub order_by: Option<(String, Order)>,
    /// Only the row with this key, a JSON array of the values of its columns.
    pub key: Option<String>,
    /// Only rows after the one with this key, in the order of the key; not with `order_by`.
    pub after: Option<String>,
    /// At most this many.
    pub limit: Option<usize>,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest.
    Ascending,
    /// The largest.
    Descending,
}

impl RowQuery {
    /// All rows of a consumer's live table.
    #[must_use]
    pub fn all(consumer: impl Into<String>, table: Table) -> Self {
        Self {
            consumer: consumer.into(),
            table,
            build: None,
            filters: Vec::new(),
            order_by: None,
            key: None,
            after: None,
            limit: None,
        }
    }

    /// The name of the table in the database.
    #[must_use]
    pub fn physical_table(&self) -> String {
        match self.build {
            None => self.table.name.to_string(),
            Some((build, role)) => physical_name(&self.table.name, build, role),
        }
    }
}

/// A condition on a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The column; one of JSON compares with `null` only.
    pub column: String,
    /// How it compares.
    pub operator: Operator,
    /// With this: a JSON scalar as the row's own JSON has it. Nothing compares with `null`, but for
    /// [`Operator::Equal`] and [`Operator::NotEqual`].
    pub value: Value,
}

/// How a column compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// It is the value.
    Equal,
    /// It is another, or nothing.
    NotEqual,
    /// It is less.
    Less,
    /// It is the value or less.
    AtMost,
    /// It is more.
    More,
    /// It is the value or more.
    AtLeast,
}

/// Rows of a read model.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsRead {
    /// The rows, as JSON objects.
    pub rows: Vec<String>,
    /// Everything up to here is in them: the lowest checkpoint of the build's shards.
    pub position: Position,
}

/// How many rows there are, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub rows: u64,
    /// The sums, in the order of the columns that were asked for; rows with nothing there count 0.
    pub sums: Vec<i64>,
    /// Everything up to here is in them: the lowest checkpoint of the build's shards.
    pub position: Position,
}

/// Which builds to compare.
#[derive(Clone, Debug)]
pub struct DiffQuery {
    /// The consumer.
    pub consumer: String,
    /// The table of the live build; its columns may be others than those of the next.
    pub live: (u32, Table),
    /// The table of the build that is to take its place.
    pub next: (u32, Table),
    /// Name at most this many rows, by key.
    pub limit: usize,
    /// Also read the rows with these keys, JSON arrays, from both.
    pub keys: Vec<String>,
}

/// How two builds differ in the columns that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDiff {
    /// The position of the live build.
    pub live_position: Position,
    /// The position of the next build.
    pub next_position: Position,
    /// Rows of the next build that the live one has not.
    pub added: u64,
    /// Rows of the live build that the next one has not.
    pub removed: u64,
    /// Rows of both that differ.
    pub changed: u64,
    /// The first of them, by key.
    pub rows: Vec<ChangedRow>,
    /// The rows that were asked for, in the order of their keys in the query, equal or not.
    pub asked: Vec<ChangedRow>,
}

/// A row as two builds have it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedRow {
    /// Its key: a JSON array of the values of the key's columns.
    pub key: Value,
    /// The row in the live build.
    pub live: Option<Value>,
    /// The row in the next build.
    pub next: Option<Value>,
}

/// Which events to count.
#[derive(Clone, Debug)]
pub struct LogCount {
    /// Of these categories; of all if there are none.
    pub categories: Vec<String>,
    /// After this position.
    pub after: Position,
    /// Up to this one.
    pub until: Position,
}
