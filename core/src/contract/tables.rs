//! Promises about the rows of read models.

use futures_util::future::join;
use rehydrate_port::{
    Column, ConsumerStore, ErrorKind, EventStore, Position, Role, RowQuery, StoreError, Totals,
};
use serde_json::{Value, json};

use super::consumer_fixture::{
    advance, begin, checkpoint, consumers, create, every_kind, id, named, normal, normals, query,
    row, select, small, texts, within, write, write_in,
};

const DAY: &str = "2024-02-29";

fn extremes() -> Vec<Value> {
    let longest = "🦀".repeat(255);
    let text = "ünï \"quoted\" \\ \n\t 'single' -- ; % _ {} [] $1 ? :a \u{1f980} \u{200b}";
    vec![
        row("", "1900-01-01", i64::MIN, json!({})),
        row(
            "a",
            DAY,
            0,
            json!({ "text": "", "order": "", "whole": 0, "part": 0.0,
            "is_good": false, "day": "1969-12-31", "at": "1969-12-31T23:59:59.000001Z",
            "uuid": "00000000-0000-0000-0000-000000000000", "shape": [] }),
        ),
        row(
            "it's",
            DAY,
            0,
            json!({ "text": text, "order": text, "whole": i64::MIN,
            "part": -1_234_567.890_625, "is_good": true, "day": "2000-02-29",
            "at": "2024-02-29T12:00:00Z", "uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "shape": { "text": text, "nested": [[{}], null, { "a": true }], "n": 1 } }),
        ),
        row(
            text,
            DAY,
            0,
            json!({ "text": "null", "order": "a ", "whole": i64::MAX,
            "part": 1e300, "at": "9999-12-31T23:59:59.999999Z", "day": "9999-12-31",
            "uuid": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "shape": "text" }),
        ),
        row(
            &longest,
            "9999-12-31",
            i64::MAX,
            json!({ "text": longest,
            "order": "ß".repeat(70_000), "part": 0.1, "shape": 12 }),
        ),
        row("A", DAY, 0, json!({ "text": null, "shape": false })),
        row("a ", DAY, 0, json!({ "whole": -1 })),
        row("a", DAY, 1, json!({ "whole": 1 })),
        row("a", "2024-03-01", 0, json!({ "whole": 2 })),
    ]
}

fn key_of(row: &Value) -> Value {
    json!([row["account"], row["due"], row["number"]])
}

pub(super) async fn rows_come_back_as_they_were_written(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = every_kind();
    let live = (&table, 1, Role::Live);
    create(consumers, 1, Role::Live, &table).await;
    assert_eq!(
        select(consumers, &query(&table, None)).await,
        [] as [Value; 0]
    );
    let rows = extremes();
    write(store, live, &rows, &[]).await;
    for row in &rows {
        let one = RowQuery {
            key: Some(key_of(row).to_string()),
            ..query(&table, None)
        };
        assert_eq!(select(consumers, &one).await, normals(&table, [row]));
    }
    let mut transaction = begin(store).await;
    let mut keys: Vec<_> = rows.iter().map(key_of).collect();
    keys.push(json!(["nobody", DAY, 1]));
    let read = within(&mut transaction)
        .read_rows(&table, "contract_rows", &texts(&keys))
        .await;
    let read = read.expect("rows can be read");
    let mut read: Vec<_> = read.iter().map(|row| normal(&table, row)).collect();
    let mut expected = normals(&table, &rows);
    read.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(read, expected);
    transaction.rollback().await.expect("the rollback succeeds");

    let over = row("a", DAY, 0, json!({ "text": "new" }));
    let many = (0..1_000).map(|number| row("many", DAY, number, json!({ "whole": number })));
    let many: Vec<_> = many.chain([over.clone()]).collect();
    write(store, live, &many, &keys[2..]).await;
    let mut expected = vec![rows[0].clone(), over];
    expected.extend_from_slice(&many[..1_000]);
    let all = select(consumers, &query(&table, None)).await;
    assert_eq!(all, normals(&table, &expected));
    write(store, live, &[], &[]).await;
    assert_eq!(select(consumers, &query(&table, None)).await.len(), 1_002);
}

pub(super) async fn a_row_that_its_table_cannot_hold_is_a_bad_row(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[
        Column::of::<Option<chrono::DateTime<chrono::Utc>>>("at"),
        Column::of::<Option<bool>>("is_good"),
    ]);
    create(consumers, 1, Role::Live, &table).await;
    for bad in [
        json!({ "name": "bad" }),
        json!({ "name": "bad", "number": null }),
        json!({ "number": 1 }),
        json!({ "name": null, "number": 1 }),
        json!({ "name": "bad", "number": u64::MAX }),
        json!({ "name": "bad", "number": i64::MAX as u64 + 1 }),
        json!({ "name": "bad", "number": "a few" }),
        json!({ "name": "bad", "number": 1, "at": "yesterday" }),
        json!({ "name": "bad", "number": 1, "is_good": "perhaps" }),
    ] {
        let mut transaction = begin(store).await;
        let rows = texts(&[named("good", 1), bad.clone(), named("better", 2)]);
        let written = within(&mut transaction)
            .write_rows(&table, "contract_small", &rows, &[])
            .await;
        let error = written.expect_err("a bad row is refused");
        assert!(
            matches!(error, StoreError::BadRow { .. }),
            "{bad}: {error:?}"
        );
        assert_eq!(error.kind(), ErrorKind::BadData);
        transaction.rollback().await.expect("the rollback succeeds");
        assert_eq!(
            select(consumers, &query(&table, None)).await,
            [] as [Value; 0]
        );
    }
}

pub(super) async fn rows_come_with_the_position_of_their_checkpoint(store: &dyn EventStore) {
    let Some(consumers) = consumers(store) else {
        return;
    };
    let table = small(&[]);
    let shards = [0, 1, 2].map(|shard| checkpoint(id(1, shard), Role::Live, &table));
    let created = consumers.create_build(&shards).await;
    created.expect("a build is created");
    create(consumers, 2, Role::Building, &table).await;
    let mut transaction = begin(store).await;
    for (id, position) in [(id(1, 0), 9), (id(1, 1), 7), (id(1, 2), 8), (id(2, 0), 3)] {
        advance(&mut transaction, &id, position).await;
    }
    transaction.commit().await.expect("the commit succeeds");
    for (build, position) in [
        (None, 7),
        (Some((1, Role::Live)), 7),
        (Some((2, Role::Building)), 3),
    ] {
        let read = consumers.select_rows(&query(&table, build)).await;
        assert_eq!(read.expect("rows can be read").position, Position(position));
        let totals = consumers
            .total_rows(&query(&table, build), &["number"])
            .await;
        let expected = Totals {
            rows: 0,
            sums: vec![0],
            position: Position(position),
        };
        assert_eq!(totals.expect("rows can be counted"), expected);
    }
    let building = query(&table, Some((2, Role::Building)));
    join(
        rows_follow_the_position(store, &table),
        a_reader_sees_both(consumers, &building),
    )
    .await;
}

const LAST: u64 = 30;

async fn rows_follow_the_position(store: &dyn EventStore, table: &rehydrate_port::Table) {
    for number in 4..=LAST {
        let mut transaction = begin(store).await;
        advance(&mut transaction, &id(2, 0), number).await;
        let row = named("position", number.cast_signed());
        write_in(&mut transaction, (table, 2, Role::Building), &[row], &[]).await;
        transaction.commit().await.expect("the commit succeeds");
        tokio::task::yield_now().await;
    }
}

async fn a_reader_sees_both(consumers: &dyn ConsumerStore, query: &RowQuery) {
    let mut position = 0;
    while position < LAST {
        let read = consumers.select_rows(query).await;
        let read = read.expect("rows can be read");
        position = read.position.0;
        let row = read.rows.first().map(|row| normal(&query.table, row));
        let number = row.map_or(Some(3), |row| row["number"].as_u64());
        assert_eq!(
            number,
            Some(position),
            "rows and position are of one moment"
        );
        let totals = consumers.total_rows(query, &["number"]).await;
        let totals = totals.expect("rows can be counted");
        if totals.rows > 0 {
            assert_eq!(totals.sums, [totals.position.0.cast_signed()]);
        }
        tokio::task::yield_now().await;
    }
}
