//! Whether two JSON texts say the same.

use serde_json::Value;

/// Whether two texts are the same but for the order of the keys in objects.
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || has_same_bytes(one, other) && values(one, other, |value| value)
}

/// Whether two texts are the same but for the order of the keys in objects and of the elements in
/// arrays.
pub(super) fn same_but_for_order(one: &str, other: &str) -> bool {
    one == other || has_same_bytes(one, other) && values(one, other, sorted)
}

/// A value does not hold every digit of a long number, so the texts are looked at, too: in another
/// order they are still made of the same bytes.
fn has_same_bytes(one: &str, other: &str) -> bool {
    let count = |text: &str| {
        let mut counts = [0_usize; 256];
        text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
        counts
    };
    one.len() == other.len() && count(one) == count(other)
}

fn values(one: &str, other: &str, order: impl Fn(Value) -> Value) -> bool {
    let value = |text| serde_json::from_str(text).ok().map(&order);
    match (value(one), value(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(sorted).collect();
            values.sort_by_cached_key(Value::to_string);
            Value::Array(values)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(fields.map(|(key, value)| (key, sorted(value))).collect())
        }
        value => value,
    }
}
