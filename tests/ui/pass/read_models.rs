//! Rows of read models, and the names that are in scope where they are.

#![deny(warnings, missing_docs, unreachable_pub)]

use chrono::{DateTime, NaiveDate, Utc};
use rehydrate::{ColumnKind, ColumnType, ReadModel};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "balances")]
#[serde(deny_unknown_fields)]
struct Balance {
    #[read_model(key)]
    fine: String,
    #[read_model(index)]
    outstanding_cents: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_payment: Option<NaiveDate>,
    #[read_model(json)]
    tags: Vec<String>,
    #[read_model(json)]
    #[serde(with = "as_text")]
    note: Note,
    r#type: Option<DateTime<Utc>>,
    #[serde(rename = "is_closed", alias = "closed")]
    is_shut: bool,
}

#[derive(Clone)]
struct Note;

mod as_text {
    use super::Note;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(_: &Note, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("note")
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Note, D::Error> {
        String::deserialize(from).map(|_| Note)
    }
}

/// One of the caller's own.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cents(i64);

impl ColumnType for Cents {
    const KIND: ColumnKind = ColumnKind::Integer;
}

/// A row.
#[derive(ReadModel, Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub struct DayTotal {
    /// The day.
    #[read_model(key)]
    pub day: NaiveDate,
    sum: Cents,
    #[read_model(key)]
    account: Uuid,
}

mod odd_names {
    #![allow(dead_code)]

    struct String;
    struct Table;
    struct Column;
    trait Clone {}
    trait ReadModel {}
    mod std {}
    mod core {}

    #[derive(rehydrate::ReadModel, serde::Serialize, serde::Deserialize, ::std::clone::Clone)]
    pub(super) struct Row {
        #[read_model(key)]
        pub(super) r#gen: u32,
    }
}

macro_rules! row {
    ($name:ident { $key:ident: $ty:ty }) => {
        #[derive(ReadModel, Serialize, Deserialize, Clone)]
        struct $name {
            #[read_model(key)]
            $key: $ty,
        }
    };
}

fn main() {
    row!(FromAMacro { id: i64 });
    assert_eq!(FromAMacro { id: 7 }.key(), 7);
    assert_eq!(FromAMacro::TABLE.name, "from_a_macro");
    assert_eq!(odd_names::Row { r#gen: 7 }.key(), 7);
    assert_eq!(odd_names::Row::TABLE.columns[0].name, "gen");
    assert_eq!(DayTotal::TABLE.name, "day_total");
    let names: Vec<_> = Balance::TABLE
        .columns
        .iter()
        .map(|column| column.name.to_string())
        .collect();
    assert_eq!(
        names,
        [
            "fine",
            "outstanding_cents",
            "last_payment",
            "tags",
            "note",
            "type",
            "is_closed"
        ]
    );
}
