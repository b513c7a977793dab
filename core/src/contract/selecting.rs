//! Promises about which rows are read, and in which order.

use rehydrate_port::{
    ConsumerStore, EventStore, Filter, Operator, Order, Position, Role, RowQuery, Table, Totals,
};
use serde_json::{Value, json};

use super::consumer_fixture::{consumers, create, every_kind, normals, query, row, select, write};

const DAY: &str = "2024-02-29";
const ODD: &str = "ä 'x\" %_\\";

/// Rows that are told apart by their number.
fn rows() -> Vec<Value> {
    let uuid = |last: u32| format!("00000000-0000-0000-0000-0000000000{last:02}");
    vec![
        row(
            "x",
            DAY,
            1,
            json!({ "text": "B", "whole": 9, "part": 0.5, "is_good": true,
            "day": "2024-02-29", "at": "2024-02-29T12:00:00Z", "uuid": uuid(1) }),
        ),
        row(
            "x",
            DAY,
            2,
            json!({ "text": "a", "whole": 10, "part": -1.5, "is_good": false,
            "day": "2024-03-01", "at": "2024-02-29T12:00:00.000001Z", "uuid": uuid(2) }),
        ),
        row(
            "x",
            DAY,
            3,
            json!({ "text": ODD, "whole": -100, "part": 100.0, "is_good": true,
            "day": "1969-12-31", "at": "1969-12-31T23:59:59.500Z", "uuid": uuid(3) }),
        ),
        row("x", DAY, 4, json!({ "shape": { "a": 1 } })),
        row(
            "x",
            DAY,
            5,
            json!({ "text": "", "whole": i64::MAX, "part": 0.0, "is_good": false,
            "day": "9999-12-31", "at": "9999-12-31T23:59:59.999999Z", "uuid": uuid(0) }),
        ),
        row(
            "x",
            DAY,
            6,
            json!({ "text": "a", "whole": 10, "part": 9.0, "is_good": true,
            "day": "2024-03-01", "at": "2024-02-29T12:00:00Z", "uuid": uuid(2) }),
        ),
    ]
}

fn filter(column: &str, operator: Operator, value: Value) -> Filter {
    Filter {
        column: column.to_owned(),
        operator,
        value,
    }
}

/// Filters, with the numbers of the rows that they find.
fn filters() -> Vec<(&'static str, Operator, Value, &'static [i64])> {
    use Operator::{AtLeast, AtMost, Equal, Less, More, NotEqual};
    let uuid = "00000000-0000-0000-0000-000000000002";
    let noon = "2024-02-29T12:00:00Z";
    vec![
        ("whole", Equal, json!(10), &[2, 6]),
        ("whole", NotEqual, json!(10), &[1, 3, 4, 5]),
        ("whole", Less, json!(10), &[1, 3]),
        ("whole", AtMost, json!(10), &[1, 2, 3, 6]),
        ("whole", More, json!(9), &[2, 5, 6]),
        ("whole", AtLeast, json!(i64::MAX), &[5]),
        ("whole", Less, json!(i64::MAX), &[1, 2, 3, 6]),
        ("whole", Equal, Value::Null, &[4]),
        ("whole", NotEqual, Value::Null, &[1, 2, 3, 5, 6]),
        ("whole", Less, Value::Null, &[]),
        ("whole", AtMost, Value::Null, &[]),
        ("whole", More, Value::Null, &[]),
        ("whole", AtLeast, Value::Null, &[]),
        ("text", Equal, json!("a"), &[2, 6]),
        ("text", Equal, json!("A"), &[]),
        ("text", Equal, json!("a "), &[]),
        ("text", Equal, json!(""), &[5]),
        ("text", Equal, json!(ODD), &[3]),
        ("text", Equal, json!("' OR 1 = 1 --"), &[]),
        ("text", NotEqual, json!("a"), &[1, 3, 4, 5]),
        ("text", Less, json!("a"), &[1, 5]),
        ("text", More, json!("a"), &[3]),
        ("text", AtLeast, json!("a"), &[2, 3, 6]),
        ("text", AtMost, json!("B"), &[1, 5]),
        ("text", Equal, Value::Null, &[4]),
        ("part", Equal, json!(0.5), &[1]),
        ("part", Less, json!(0), &[2]),
        ("part", AtLeast, json!(9), &[3, 6]),
        ("is_good", Equal, json!(true), &[1, 3, 6]),
        ("is_good", NotEqual, json!(true), &[2, 4, 5]),
        ("day", AtLeast, json!("2024-03-01"), &[2, 5, 6]),
        ("day", Less, json!("2024-02-29"), &[3]),
        ("at", Equal, json!(noon), &[1, 6]),
        ("at", More, json!(noon), &[2, 5]),
        ("at", Less, json!(noon), &[3]),
        ("at", AtMost, json!("1970-01-01T00:00:00Z"), &[3]),
        ("uuid", Equal, json!(uuid), &[2, 6]),
        ("uuid", NotEqual, json!(uuid), &[1, 3, 4, 5]),
        ("uuid", Less, json!(uuid), &[1, 5]),
        ("shape", NotEqual, Value::Null, &[4]),
        ("number", AtLeast, json!(3), &[3, 4, 5, 6]),
    ]
}

async fn numbers(store: &dyn ConsumerStore, query: &RowQuery) -> Vec<i64> {
    let rows = select(store, query).await;
    rows.iter()
        .filter_map(|row| row["number"].as_i64())
        .collect()
}

pub(super) async fn rows_are_read_by_filter_in_order_in_parts(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = every_kind();
    create(consumers, 1, Role::Live, &table).await;
    let totals = consumers.total_rows(&query(&table, None), &["whole"]).await;
    assert_eq!(totals.expect("rows can be counted").sums, [0]);
    write(store, (&table, 1, Role::Live), &rows(), &[]).await;
    by_filter(consumers, &table).await;
    in_order(consumers, &table).await;
    by_key(consumers, &table).await;
    added_up(consumers, &table).await;
    in_parts(store, consumers, &table).await;
}

async fn by_filter(consumers: &dyn ConsumerStore, table: &Table) {
    for (column, operator, value, expected) in filters() {
        let filters = vec![filter(column, operator, value)];
        let filtered = RowQuery {
            filters,
            ..query(table, None)
        };
        let found = numbers(consumers, &filtered).await;
        assert_eq!(found, expected, "{:?}", filtered.filters);
        let totals = consumers.total_rows(&filtered, &[]).await;
        let totals = totals.expect("rows can be counted");
        assert_eq!(totals.rows, expected.len() as u64, "{:?}", filtered.filters);
    }
    let both = RowQuery {
        filters: vec![
            filter("whole", Operator::AtLeast, json!(9)),
            filter("is_good", Operator::Equal, json!(true)),
            filter("whole", Operator::Less, json!(i64::MAX)),
        ],
        ..query(table, None)
    };
    assert_eq!(numbers(consumers, &both).await, [1, 6]);
}

async fn in_order(consumers: &dyn ConsumerStore, table: &Table) {
    use Order::{Ascending, Descending};
    for (column, order, expected) in [
        ("whole", Ascending, [4, 3, 1, 2, 6, 5]),
        ("whole", Descending, [5, 2, 6, 1, 3, 4]),
        ("text", Ascending, [4, 5, 1, 2, 6, 3]),
        ("text", Descending, [3, 2, 6, 1, 5, 4]),
        ("part", Ascending, [4, 2, 5, 1, 6, 3]),
        ("is_good", Ascending, [4, 2, 5, 1, 3, 6]),
        ("day", Descending, [5, 2, 6, 1, 3, 4]),
        ("at", Ascending, [4, 3, 1, 6, 2, 5]),
        ("uuid", Ascending, [4, 5, 1, 2, 6, 3]),
        ("number", Descending, [6, 5, 4, 3, 2, 1]),
        ("account", Descending, [1, 2, 3, 4, 5, 6]),
    ] {
        let mut ordered = RowQuery {
            order_by: Some((column.to_owned(), order)),
            ..query(table, None)
        };
        assert_eq!(numbers(consumers, &ordered).await, expected, "by {column}");
        for limit in [0, 1, 3, 100] {
            ordered.limit = Some(limit);
            let first = &expected[..limit.min(expected.len())];
            assert_eq!(
                numbers(consumers, &ordered).await,
                first,
                "{limit} by {column}"
            );
        }
    }
    let filtered = RowQuery {
        filters: vec![filter("whole", Operator::More, json!(0))],
        order_by: Some(("part".to_owned(), Descending)),
        limit: Some(2),
        ..query(table, None)
    };
    assert_eq!(numbers(consumers, &filtered).await, [6, 1]);
}

async fn by_key(consumers: &dyn ConsumerStore, table: &Table) {
    for (key, filters, expected) in [
        (json!(["x", DAY, 2]), vec![], &[2][..]),
        (json!(["X", DAY, 2]), vec![], &[]),
        (json!(["x", "2024-03-01", 2]), vec![], &[]),
        (
            json!(["x", DAY, 2]),
            vec![filter("whole", Operator::Less, json!(0))],
            &[],
        ),
    ] {
        let one = RowQuery {
            key: Some(key.to_string()),
            filters,
            ..query(table, None)
        };
        assert_eq!(numbers(consumers, &one).await, expected, "{one:?}");
    }
}

async fn added_up(consumers: &dyn ConsumerStore, table: &Table) {
    let small = RowQuery {
        filters: vec![filter("number", Operator::NotEqual, json!(5))],
        limit: Some(2),
        ..query(table, None)
    };
    let totals = consumers.total_rows(&small, &["number", "whole"]).await;
    let expected = Totals {
        rows: 5,
        sums: vec![16, -71],
        position: Position::ZERO,
    };
    assert_eq!(totals.expect("rows can be counted"), expected);
}

async fn in_parts(store: &dyn EventStore, consumers: &dyn ConsumerStore, table: &Table) {
    let mut expected = Vec::new();
    // Text by its bytes, days by the calendar, numbers by their size.
    for account in ["", "B", "a", "a'", "b", "ä", "🦀"] {
        for day in ["1900-12-31", "1999-01-02", "2024-02-29"] {
            for number in [-10, -9, 9, 10] {
                expected.push(row(account, day, number, json!({ "whole": number })));
            }
        }
    }
    let mut shuffled = expected.clone();
    shuffled.reverse();
    shuffled.rotate_left(17);
    let old: Vec<_> = (1..=6).map(|number| json!(["x", DAY, number])).collect();
    write(store, (table, 1, Role::Live), &shuffled, &old).await;
    let positive = vec![filter("whole", Operator::More, json!(0))];
    for (filters, limit) in [(vec![], 5), (vec![], 84), (positive, 4)] {
        let mut part = RowQuery {
            filters,
            limit: Some(limit),
            ..query(table, None)
        };
        let mut all = Vec::new();
        loop {
            let rows = select(consumers, &part).await;
            assert!(rows.len() <= limit, "at most {limit} rows");
            let Some(last) = rows.last() else { break };
            let after = json!([last["account"], last["due"], last["number"]]);
            part.after = Some(after.to_string());
            all.extend(rows);
        }
        let is_wanted = |row: &&Value| part.filters.is_empty() || row["whole"].as_i64() > Some(0);
        assert_eq!(all, normals(table, expected.iter().filter(is_wanted)));
    }
    let between = RowQuery {
        after: Some(json!(["a", "2000-01-01", 3]).to_string()),
        limit: Some(1),
        ..query(table, None)
    };
    assert_eq!(
        numbers(consumers, &between).await,
        [-10],
        "after what is not there"
    );
}
