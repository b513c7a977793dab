//! Whether two rows are the same, however their values are written.

use chrono::{DateTime, Utc};
use rehydrate_port::{ColumnKind, Table};
use serde_json::Value;

/// Whether two rows are the same in the columns that both tables have.
pub(super) fn same(live: &Table, next: &Table, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => next.columns.iter().all(|column| {
            let both = live.column(&column.name).is_some();
            !both || same_value(column.kind, a.get(&*column.name), b.get(&*column.name))
        }),
        _ => false,
    }
}

fn same_value(kind: ColumnKind, a: Option<&Value>, b: Option<&Value>) -> bool {
    let (a, b) = (a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null));
    if a == b {
        return true;
    }
    match kind {
        ColumnKind::Time => moment(a).is_some() && moment(a) == moment(b),
        ColumnKind::Real => a.as_f64().is_some() && a.as_f64() == b.as_f64(),
        ColumnKind::Uuid => matches!(
            (a.as_str(), b.as_str()),
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(b)
        ),
        _ => false,
    }
}

/// To the microsecond, which is what databases keep.
fn moment(value: &Value) -> Option<i64> {
    let time: DateTime<Utc> = value.as_str()?.parse().ok()?;
    Some(time.timestamp_micros())
}
