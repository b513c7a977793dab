//! What is MySQL's own about projections: rows that the server would bend, and builds whose tables
//! have to be swapped outside of a transaction.

use chrono::{DateTime, NaiveDate, Utc};
use rehydrate::{
    Checkpoint, CheckpointId, Column, Condition, ConsumerKind, ConsumerStore, ConsumerTransaction,
    ErrorKind, Filter, Locked, Operator, Position, Role, RowQuery, StoreError, Table, Wait,
    physical_name,
};
use rehydrate_sqlx::{MySqlStore, MySqlTransaction};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::Database;

pub(crate) const CONSUMER: &str = "balances of 'all'";

pub(crate) fn table() -> Table {
    Table {
        name: "balances".into(),
        columns: vec![
            Column::of::<String>("id").key(),
            Column::of::<i64>("order").key(),
            Column::of::<Option<i64>>("number").indexed(),
            Column::of::<Option<f64>>("real"),
            Column::of::<Option<bool>>("is_open"),
            Column::of::<Option<NaiveDate>>("day"),
            Column::of::<Option<DateTime<Utc>>>("at"),
            Column::of::<Option<Uuid>>("uuid"),
            Column::of::<Option<String>>("note"),
            Column::of::<Option<String>>("short").indexed(),
            Column::json("json"),
        ]
        .into(),
    }
}

pub(crate) fn shard(build: u32, role: Role, table: Table) -> Checkpoint {
    Checkpoint {
        id: CheckpointId {
            consumer: CONSUMER.to_owned(),
            build,
            shard: 0,
        },
        kind: ConsumerKind::Projection,
        definition: build,
        role,
        table: Some(table),
        position: Position::ZERO,
        revision: 0,
        condition: Condition::New,
        event_at: None,
        changed_at: Utc::now(),
        lease: None,
    }
}

pub(crate) async fn create(store: &MySqlStore, build: u32, role: Role) {
    let created = store.create_build(&[shard(build, role, table())]).await;
    created.unwrap();
}

pub(crate) async fn lock(transaction: &mut MySqlTransaction, build: u32) -> Checkpoint {
    let id = shard(build, Role::Live, table()).id;
    match transaction.lock(&id, Wait::ForOthers).await {
        Ok(Locked::Taken(checkpoint)) => *checkpoint,
        other => panic!("it is locked, not {other:?}"),
    }
}

pub(crate) async fn write(
    store: &MySqlStore,
    (build, role): (u32, Role),
    rows: &[Value],
) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    let rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    let physical = physical_name("balances", build, role);
    let written = transaction
        .write_rows(&table(), &physical, &rows, &[])
        .await;
    match written {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

pub(crate) async fn rows(store: &MySqlStore) -> Vec<Value> {
    let read = store.select_rows(&RowQuery::all(CONSUMER, table())).await;
    let rows = read.unwrap().rows;
    rows.iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

#[tokio::test]
async fn a_row_that_the_server_would_bend_is_the_rows_fault() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    for bad in [
        json!({"id": "x", "order": 1, "number": u64::MAX}),
        json!({"id": "x", "order": 1, "number": "12"}),
        json!({"id": "x", "order": 1, "number": 1.5}),
        json!({"id": "x", "order": 1, "number": true}),
        json!({"id": "x", "order": 1, "number": [1]}),
        json!({"id": "x", "order": null}),
        json!({"order": 1}),
        json!({"id": 1, "order": 1}),
        json!({"id": "x".repeat(256), "order": 1}),
        json!({"id": "x", "order": 1, "short": "x".repeat(256)}),
        json!({"id": "x", "order": 1, "note": "a\u{0}b"}),
        json!({"id": "x", "order": 1, "json": {"a": ["\u{0}"]}}),
        json!({"id": "x", "order": 1, "real": "1.5"}),
        json!({"id": "x", "order": 1, "at": "yesterday"}),
        json!({"id": "x", "order": 1, "at": "2024-02-30T00:00:00Z"}),
        json!({"id": "x", "order": 1, "at": "+10000-01-01T00:00:00Z"}),
        json!({"id": "x", "order": 1, "day": "2023-02-29"}),
        json!({"id": "x", "order": 1, "is_open": 1}),
        json!({"id": "x", "order": 1, "uuid": "x"}),
    ] {
        let good = json!({"id": "x", "order": 2});
        let refused = write(&store, (1, Role::Live), &[good, bad.clone()]).await;
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadData, "{bad}: {error:?}");
    }
    assert!(rows(&store).await.is_empty());
}

#[tokio::test]
async fn numbers_and_times_come_back_to_the_bit() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    let mut bits: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut wanted = vec![
        json!({"id": "x", "order": -1, "real": f64::MAX}),
        json!({"id": "x", "order": -2, "real": f64::MIN_POSITIVE}),
    ];
    for order in 0..2_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let number = f64::from_bits(bits & !(0x7ff << 52) | (1023 - 40 + bits % 80) << 52);
        wanted.push(json!({"id": "x", "order": order, "real": number}));
    }
    let at = json!({"id": "y", "order": 0, "at": "2024-02-29T14:00:00.500001999+02:00"});
    wanted.push(at);
    write(&store, (1, Role::Live), &wanted).await.unwrap();
    let read = store.select_rows(&RowQuery::all(CONSUMER, table())).await;
    let read = read.unwrap().rows;
    wanted[..2].reverse();
    for (wanted, read) in wanted[..2_002].iter().zip(&read) {
        // Not by way of serde_json, which by default is not exact itself.
        let (_, real) = read.split_once("\"real\": ").unwrap();
        let (real, _) = real.split_once(',').unwrap();
        assert_eq!(
            real.parse::<f64>().unwrap(),
            wanted["real"].as_f64().unwrap(),
            "{real}"
        );
    }
    assert!(
        read[2_002].contains("\"2024-02-29T12:00:00.500001Z\""),
        "{}",
        read[2_002]
    );
}

#[tokio::test]
async fn blanks_and_case_tell_texts_apart() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    let controls = "\u{1}\u{8}\u{c}\r\n\u{1f}\u{7f}\\\"/";
    let texts = ["a", "a ", "a  ", "A", "ä", "a\t", "", controls];
    let written = texts.map(|text| json!({"id": text, "order": 1, "note": text}));
    write(&store, (1, Role::Live), &written).await.unwrap();
    for text in texts {
        for column in ["id", "note"] {
            let mut query = RowQuery::all(CONSUMER, table());
            query.filters = vec![Filter {
                column: column.to_owned(),
                operator: Operator::Equal,
                value: text.into(),
            }];
            let found = store.total_rows(&query, &[]).await.unwrap();
            assert_eq!(found.rows, 1, "{column} {text:?}");
            let read = store.select_rows(&query).await.unwrap().rows;
            let read: Value = serde_json::from_str(&read[0]).unwrap();
            assert_eq!(read[column], text);
        }
    }
    let mut transaction = store.begin().await.unwrap();
    let removed = transaction
        .write_rows(&table(), "balances", &[], &[json!(["a ", 1]).to_string()])
        .await;
    removed.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(rows(&store).await.len(), texts.len() - 1);
}

#[tokio::test]
async fn rows_that_are_too_much_for_a_packet_are_written_and_read_in_parts() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let mut stranger = database.stranger().await;
    let sql = "SELECT CAST(@@max_allowed_packet AS SIGNED)";
    let limit = usize::try_from(crate::common::number(&mut stranger, sql).await).unwrap();
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    let text = "x".repeat(limit / 3);
    let wanted: Vec<_> = (0..5)
        .map(|order| json!({"id": "x", "order": order, "note": text}))
        .collect();
    write(&store, (1, Role::Live), &wanted).await.unwrap();
    let query = RowQuery::all(CONSUMER, table());
    assert_eq!(store.total_rows(&query, &[]).await.unwrap().rows, 5);
    let mut transaction = store.begin().await.unwrap();
    let keys: Vec<_> = (0..5)
        .map(|order| json!(["x", order]).to_string())
        .collect();
    let read = transaction.read_rows(&table(), "balances", &keys).await;
    assert_eq!(read.unwrap().len(), 5);
    transaction.rollback().await.unwrap();
    let too_large = json!({"id": "x", "order": 9, "note": "x".repeat(limit)});
    let refused = write(&store, (1, Role::Live), &[too_large]).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::BadData);
}

#[tokio::test]
async fn a_locked_checkpoint_and_its_rows_keep_no_stranger_waiting() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    create(&store, 1, Role::Live).await;
    create(&store, 3, Role::Building).await;
    let mut first = store.begin().await.unwrap();
    let checkpoint = lock(&mut first, 1).await;
    first.save(&checkpoint).await.unwrap();
    let row = |order: i64| [json!({"id": "x", "order": order}).to_string()];
    let keys = ["[\"x\",4]".to_owned()];
    let written = first.write_rows(&table(), "balances", &row(5), &keys).await;
    written.unwrap();
    // On both sides of what is locked; the lock timeout is a second.
    create(&store, 2, Role::Building).await;
    create(&store, 1, Role::Live).await;
    for build in [2, 3] {
        let mut second = store.begin().await.unwrap();
        let checkpoint = lock(&mut second, build).await;
        second.save(&checkpoint).await.unwrap();
        second.commit().await.unwrap();
    }
    for order in [4, 6] {
        let mut second = store.begin().await.unwrap();
        let written = second
            .write_rows(&table(), "balances", &row(order), &[])
            .await;
        written.unwrap();
        second.commit().await.unwrap();
    }
    first.commit().await.unwrap();
    assert_eq!(rows(&store).await.len(), 3);
}
