//! A value of a row, as a database's column would hold it.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Utc};
use rehydrate_port::{Column, ColumnKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// How many characters a column of text may have that is part of the key or has an index.
const LONGEST_KEY: usize = 255;

#[derive(Clone, Debug)]
pub(super) enum Cell {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Date(NaiveDate),
    Time(DateTime<Utc>),
    Uuid(Uuid),
    Json(Value),
}

impl Cell {
    /// What a column holds after this was written to it, or why it cannot be.
    pub(super) fn new(column: &Column, value: &Value) -> Result<Self, String> {
        let cell = Self::of_kind(column.kind, value).ok_or_else(|| {
            format!(
                "column `{}` holds {:?}, not {value}",
                column.name, column.kind
            )
        })?;
        let is_too_long = matches!(&cell, Self::Text(text) if text.chars().count() > LONGEST_KEY);
        if is_too_long && (column.is_key || column.is_indexed) {
            return Err(format!(
                "column `{}` holds at most {LONGEST_KEY} characters",
                column.name
            ));
        }
        if cell.is_null() && (column.is_key || !column.is_nullable) {
            return Err(format!("column `{}` must hold something", column.name));
        }
        Ok(cell)
    }

    /// `None` if the value is of another kind. Every kind may be `null`.
    pub(super) fn of_kind(kind: ColumnKind, value: &Value) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Null);
        }
        Some(match kind {
            ColumnKind::Text => Self::Text(value.as_str()?.to_owned()),
            ColumnKind::Integer => Self::Integer(value.as_i64()?),
            ColumnKind::Real => Self::Real(value.as_f64()?),
            ColumnKind::Boolean => Self::Boolean(value.as_bool()?),
            ColumnKind::Date => Self::Date(parsed(value)?),
            ColumnKind::Time => Self::Time(parsed::<DateTime<Utc>>(value)?.trunc_subsecs(6)),
            ColumnKind::Uuid => Self::Uuid(parsed(value)?),
            ColumnKind::Json => Self::Json(value.clone()),
        })
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Real(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Date(value) => value.to_string().into(),
            Self::Time(value) => value.to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
            Self::Uuid(value) => value.to_string().into(),
            Self::Json(value) => value.clone(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Boolean(_) => 1,
            Self::Integer(_) => 2,
            Self::Real(_) => 3,
            Self::Text(_) => 4,
            Self::Date(_) => 5,
            Self::Time(_) => 6,
            Self::Uuid(_) => 7,
            Self::Json(_) => 8,
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(one), Self::Boolean(other)) => one.cmp(other),
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            // A zero is a zero, whatever its sign; JSON has nothing that is not a number.
            (Self::Real(one), Self::Real(other)) => {
                one.partial_cmp(other).unwrap_or(Ordering::Equal)
            }
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Date(one), Self::Date(other)) => one.cmp(other),
            (Self::Time(one), Self::Time(other)) => one.cmp(other),
            (Self::Uuid(one), Self::Uuid(other)) => one.cmp(other),
            (Self::Json(one), Self::Json(other)) if one == other => Ordering::Equal,
            (Self::Json(one), Self::Json(other)) => one.to_string().cmp(&other.to_string()),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

fn parsed<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}
