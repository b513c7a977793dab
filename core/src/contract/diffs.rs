//! What a diff of two builds promises.

use rehydrate_port::{ChangedRow, Column, DiffQuery, EventStore, Position, Role, Table};
use serde_json::{Value, json};

use super::consumer_fixture::{
    CONSUMER, advance, begin, consumers, create, id, small, texts, write,
};

/// A table with a key of two columns, two columns of its own and one more.
fn keyed(more: Column) -> Table {
    let mut table = small(&[
        Column::of::<Option<i64>>("amount"),
        Column::of::<Option<String>>("text"),
        more,
    ]);
    table.columns.to_mut()[1].is_key = true;
    table
}

fn row(name: &str, number: i64, amount: Value, text: Value) -> Value {
    json!({ "name": name, "number": number, "amount": amount, "text": text })
}

/// The rows of the live build and of the next; three differ, two are new, one is gone.
fn rows() -> (Vec<Value>, Vec<Value>) {
    let null = Value::Null;
    let with = |mut row: Value, column: &str| {
        row[column] = json!(5);
        row
    };
    let live = vec![
        with(row("b", 1, json!(1), json!("same")), "old"),
        row("b", 9, null.clone(), null.clone()),
        row("b", 10, json!(1), json!("a")),
        row("B", 1, json!(1), json!("it's")),
        row("ä", 1, null.clone(), json!("")),
        row("removed", 1, json!(1), null.clone()),
    ];
    let next = vec![
        with(row("b", 1, json!(1), json!("same")), "new"),
        row("b", 9, null.clone(), null.clone()),
        row("b", 10, json!(1), json!("A")),
        row("B", 1, null.clone(), json!("it's")),
        row("ä", 1, null.clone(), null.clone()),
        row("added", 1, json!(1), null.clone()),
        row("added", -1, json!(1), null.clone()),
    ];
    (live, next)
}

pub(super) async fn a_diff_names_what_was_added_removed_and_changed(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let old = keyed(Column::of::<Option<i64>>("old"));
    let new = keyed(Column::of::<Option<i64>>("new"));
    create(consumers, 1, Role::Live, &old).await;
    create(consumers, 2, Role::Building, &new).await;
    let (live, next) = rows();
    write(store, (&old, 1, Role::Live), &live, &[]).await;
    write(store, (&new, 2, Role::Building), &next, &[]).await;
    let mut transaction = begin(store).await;
    advance(&mut transaction, &id(1, 0), 20).await;
    advance(&mut transaction, &id(2, 0), 18).await;
    transaction.commit().await.expect("the commit succeeds");
    let query = |limit, keys: &[Value]| DiffQuery {
        consumer: CONSUMER.to_owned(),
        live: (1, old.clone()),
        next: (2, new.clone()),
        limit,
        keys: texts(keys),
    };
    let keys = [json!(["b", 10]), json!(["nobody", 1]), json!(["b", 1])];
    let differing = [
        json!(["B", 1]),
        json!(["added", -1]),
        json!(["added", 1]),
        json!(["b", 10]),
        json!(["removed", 1]),
        json!(["ä", 1]),
    ];
    for limit in [0, 1, 4, 6, 100] {
        let diff = consumers.diff(&query(limit, &keys)).await;
        let diff = diff.expect("builds can be compared");
        assert_eq!((diff.added, diff.removed, diff.changed), (2, 1, 3));
        assert_eq!(diff.live_position, Position(20));
        assert_eq!(diff.next_position, Position(18));
        let names =
            |rows: &[ChangedRow]| -> Vec<_> { rows.iter().map(|row| row.key.clone()).collect() };
        assert_eq!(names(&diff.rows), differing[..limit.min(6)]);
        assert_eq!(names(&diff.asked), keys);
        for changed in diff.rows.iter().chain(&diff.asked) {
            assert_side(changed, changed.live.as_ref(), &live);
            assert_side(changed, changed.next.as_ref(), &next);
        }
    }
    let none = consumers.diff(&query(10, &[])).await;
    assert_eq!(none.expect("builds can be compared").asked, []);
}

/// A row of a diff is the row of that key in what was written.
fn assert_side(changed: &ChangedRow, side: Option<&Value>, written: &[Value]) {
    let expected = written
        .iter()
        .find(|row| json!([row["name"], row["number"]]) == changed.key);
    assert_eq!(side.is_some(), expected.is_some(), "{changed:?}");
    for column in ["name", "number", "amount", "text"] {
        let of = |row: &Value| row[column].clone();
        assert_eq!(side.map(of), expected.map(of), "{column} of {changed:?}");
    }
}
