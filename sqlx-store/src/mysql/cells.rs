//! Values of rows, checked and written as the server takes them.
//!
//! Not left to the server, which takes text for a number with a warning where it reads JSON.

use chrono::{DateTime, Datelike as _, NaiveDate, SubsecRound as _, Utc};
use rehydrate_port::{BoxError, Column, ColumnKind, StoreError};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::dialect::session::Bind;
use crate::dialect::tables::Field;

/// How many characters a column of text may have that is part of the key or has an index.
const LONGEST_KEY: usize = 255;

/// Rows or keys as JSON arrays, none of them larger than a bind may be.
pub(super) fn parts(
    table: &str,
    fields: &[(Field<'_>, &Column)],
    items: &[String],
    largest: usize,
) -> Result<Vec<String>, StoreError> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for item in items {
        let item = written(fields, item).map_err(|error| bad_row(table, error))?;
        if item.len() + 2 > largest {
            let bytes = item.len();
            let reason =
                format!("it has {bytes} bytes, and the server's max_allowed_packet is {largest}");
            return Err(bad_row(table, reason.into()));
        }
        if part.len() + item.len() + 2 > largest {
            part.push(']');
            parts.push(std::mem::take(&mut part));
        }
        part.push(if part.is_empty() { '[' } else { ',' });
        part.push_str(&item);
    }
    if !part.is_empty() {
        part.push(']');
        parts.push(part);
    }
    Ok(parts)
}

/// A value of a filter or a key.
pub(super) fn bind(
    table: &str,
    json: &str,
    field: Field<'_>,
    column: &Column,
) -> Result<Bind, StoreError> {
    let read = || -> Result<Bind, BoxError> {
        let json: Value = serde_json::from_str(json)?;
        Ok(match encoded(column, found(&json, field))? {
            Value::String(text) => Bind::Text(Some(text)),
            Value::Number(number) => match number.as_i64() {
                Some(number) if column.kind != ColumnKind::Real => Bind::Integer(Some(number)),
                _ => Bind::Text(Some(number.to_string())),
            },
            _ => Bind::Text(None),
        })
    };
    read().map_err(|error| bad_row(table, error))
}

/// A row or a key, as `elements` reads it.
fn written(fields: &[(Field<'_>, &Column)], item: &str) -> Result<String, BoxError> {
    let item: Value = serde_json::from_str(item)?;
    let is_key = item.is_array();
    if is_key && item.as_array().map_or(0, Vec::len) != fields.len() {
        return Err(format!("{item} is not a key").into());
    }
    let mut object = Map::new();
    let mut array = Vec::new();
    for (field, column) in fields {
        let value = encoded(column, found(&item, *field))?;
        check(column, &value)?;
        match field {
            Field::Name(name) => {
                object.insert((*name).to_owned(), value);
            }
            Field::Index(_) => array.push(value),
        }
    }
    let written = if is_key {
        Value::Array(array)
    } else {
        Value::Object(object)
    };
    Ok(written.to_string())
}

fn found<'v>(json: &'v Value, field: Field<'_>) -> &'v Value {
    let value = match field {
        Field::Name(name) => json.get(name),
        Field::Index(index) => json.get(index),
    };
    value.unwrap_or(&Value::Null)
}

/// A value as JSON of which the server cannot think otherwise.
fn encoded(column: &Column, value: &Value) -> Result<Value, BoxError> {
    let unfit = || -> BoxError {
        let Column { name, kind, .. } = column;
        format!("column `{name}` holds {kind:?}, not {value}").into()
    };
    if value.is_null() {
        return Ok(Value::Null);
    }
    if has_nul(value) {
        return Err(format!("column `{}` holds no NUL characters", column.name).into());
    }
    let text = || value.as_str().ok_or_else(unfit);
    Ok(match column.kind {
        ColumnKind::Integer => value.as_i64().ok_or_else(unfit)?.into(),
        ColumnKind::Real => value.as_f64().ok_or_else(unfit)?.into(),
        ColumnKind::Boolean => i64::from(value.as_bool().ok_or_else(unfit)?).into(),
        ColumnKind::Date => {
            let day: NaiveDate = text()?.parse().map_err(|_| unfit())?;
            within_years(day.year()).ok_or_else(unfit)?;
            day.format("%Y-%m-%d").to_string().into()
        }
        ColumnKind::Time => {
            let time: DateTime<Utc> = text()?.parse().map_err(|_| unfit())?;
            within_years(time.year()).ok_or_else(unfit)?;
            let time = time.trunc_subsecs(6);
            time.format("%Y-%m-%d %H:%M:%S%.6f").to_string().into()
        }
        ColumnKind::Uuid => {
            let uuid: Uuid = text()?.parse().map_err(|_| unfit())?;
            uuid.to_string().into()
        }
        ColumnKind::Json => value.to_string().into(),
        _ => text()?.into(),
    })
}

/// Whether the column can hold what it was given.
fn check(column: &Column, value: &Value) -> Result<(), BoxError> {
    let name = &column.name;
    if value.is_null() && (column.is_key || !column.is_nullable) {
        return Err(format!("column `{name}` must hold something").into());
    }
    let is_short = column.kind == ColumnKind::Text && (column.is_key || column.is_indexed);
    let length = value.as_str().map_or(0, |text| text.chars().count());
    if is_short && length > LONGEST_KEY {
        return Err(format!("column `{name}` holds at most {LONGEST_KEY} characters").into());
    }
    Ok(())
}

/// The server's dates have years of four digits.
fn within_years(year: i32) -> Option<()> {
    (0..=9_999).contains(&year).then_some(())
}

/// Not every database keeps one.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn bad_row(table: &str, source: BoxError) -> StoreError {
    StoreError::BadRow {
        table: table.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_divided_where_they_would_be_too_large() {
        let column = Column::of::<String>("a");
        let fields = [(Field::Name("a"), &column)];
        let items: Vec<_> = (0..5).map(|n| format!(r#"{{"a":"row {n}"}}"#)).collect();
        let whole = parts("t", &fields, &items, 1_000).unwrap();
        assert_eq!(whole.len(), 1);
        let divided = parts("t", &fields, &items, 32).unwrap();
        assert_eq!(divided.len(), 3, "{divided:?}");
        let read = |parts: &[String]| -> Vec<Value> {
            let parts = parts.iter().map(|part| serde_json::from_str(part).unwrap());
            parts.flat_map(|part: Vec<Value>| part).collect()
        };
        assert_eq!(read(&whole), read(&divided));
        let error = parts("t", &fields, &items, 10).unwrap_err();
        assert!(matches!(error, StoreError::BadRow { .. }), "{error:?}");
    }
}
