//! Times as a table keeps them.
//!
//! A column of times has microseconds, and a time of Rust nanoseconds. A fold must see what the
//! table would give back, whether or not the row has been there and back in between: otherwise what
//! comes of it would depend on where batches end.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use rehydrate_port::{BoxError, Column, ColumnKind};
use serde::Deserialize;
use serde_json::Value;

use super::Projection;
use super::fold::KeyOf;
use crate::read_model::ReadModel;

/// The values of a key, as the table keeps them.
pub(crate) fn key_values<P: Projection>(key: &KeyOf<P>) -> Value {
    let mut values = P::Row::key_values(key);
    cut_key::<P>(&mut values);
    values
}

/// A key as the table would give it back.
pub(crate) fn kept_key<P: Projection>(key: KeyOf<P>) -> Result<KeyOf<P>, BoxError> {
    if !P::Row::TABLE.key().any(is_time) {
        return Ok(key);
    }
    let mut values = P::Row::key_values(&key);
    if !cut_key::<P>(&mut values) {
        return Ok(key);
    }
    // The key of one column is its value, and that of several a tuple of them.
    let key = match values.as_array_mut().map(Vec::as_mut_slice) {
        Some([one]) => serde_json::from_value(one.take()),
        _ => serde_json::from_value(values),
    };
    Ok(key?)
}

/// Makes a row what the table would give back.
pub(super) fn keep_row<P: Projection>(row: &mut Option<P::Row>) -> Result<(), BoxError> {
    let table = &P::Row::TABLE;
    let mut times = table.columns.iter().filter(|column| is_time(column));
    let Some((first, before)) = times.next().zip(row.as_ref()) else {
        return Ok(());
    };
    let mut values = serde_json::to_value(before)?;
    let mut is_cut = false;
    for column in std::iter::once(first).chain(times) {
        is_cut |= values.get_mut(&*column.name).is_some_and(cut);
    }
    if is_cut {
        *row = Some(serde_json::from_value(values)?);
    }
    Ok(())
}

fn cut_key<P: Projection>(values: &mut Value) -> bool {
    let mut is_cut = false;
    for (index, column) in P::Row::TABLE.key().enumerate() {
        is_cut |= is_time(column) && values.get_mut(index).is_some_and(cut);
    }
    is_cut
}

/// Cuts a time to microseconds; false if it is one that has no more.
fn cut(value: &mut Value) -> bool {
    let Ok(time) = DateTime::<Utc>::deserialize(&*value) else {
        return false;
    };
    let kept = time.trunc_subsecs(6);
    if kept == time {
        return false;
    }
    *value = kept.to_rfc3339_opts(SecondsFormat::AutoSi, true).into();
    true
}

fn is_time(column: &Column) -> bool {
    column.kind == ColumnKind::Time
}
