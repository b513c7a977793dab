//! A read model with a column of each kind, for the tests of every store.

use std::borrow::Cow;

use rehydrate::{
    Checkpoint, CheckpointId, Column, ColumnKind, Condition, ConsumerKind, ConsumerStore,
    EventStore, Locked, Position, Role, RowQuery, StoreError, Table, Wait,
};
use serde_json::{Value, json};

pub(crate) const CONSUMER: &str = "payments";

pub(crate) fn column(name: &'static str, kind: ColumnKind, is_nullable: bool) -> Column {
    Column {
        name: Cow::Borrowed(name),
        kind,
        is_nullable,
        is_key: false,
        is_indexed: false,
    }
}

/// A table with a column of each kind, and with names that SQL has a meaning for.
pub(crate) fn table() -> Table {
    Table {
        name: Cow::Borrowed("group"),
        columns: vec![
            column("id", ColumnKind::Text, false).key(),
            column("order", ColumnKind::Integer, false).key(),
            column("number", ColumnKind::Integer, true).indexed(),
            column("real", ColumnKind::Real, true),
            column("is_open", ColumnKind::Boolean, true),
            column("day", ColumnKind::Date, true),
            column("at", ColumnKind::Time, true).indexed(),
            column("uuid", ColumnKind::Uuid, true),
            column("json", ColumnKind::Json, true),
            column("note", ColumnKind::Text, true),
        ]
        .into(),
    }
}

pub(crate) fn shard(build: u32, role: Role) -> Checkpoint {
    Checkpoint {
        id: CheckpointId {
            consumer: CONSUMER.to_owned(),
            build,
            shard: 0,
        },
        kind: ConsumerKind::Projection,
        definition: 1,
        role,
        table: Some(table()),
        position: Position::ZERO,
        revision: 0,
        condition: Condition::New,
        event_at: None,
        changed_at: chrono::DateTime::UNIX_EPOCH,
        lease: None,
    }
}

pub(crate) fn consumers(store: &dyn EventStore) -> &dyn ConsumerStore {
    store.consumers().unwrap()
}

pub(crate) async fn write(
    store: &dyn EventStore,
    physical: &str,
    rows: &[Value],
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    let mut transaction = store.begin().await?;
    let consumers = transaction.consumers().unwrap();
    consumers.write_rows(&table(), physical, &rows, &[]).await?;
    transaction.commit().await
}

pub(crate) async fn swap(store: &dyn EventStore, live: u32, next: u32) {
    let mut transaction = store.begin().await.unwrap();
    let consumers = transaction.consumers().unwrap();
    for build in [live, next] {
        let id = shard(build, Role::Live).id;
        let locked = consumers.lock(&id, Wait::ForNobody).await.unwrap();
        assert!(matches!(locked, Locked::Taken(_)));
    }
    consumers
        .swap(CONSUMER, &table(), live, next)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// The rows of the live table, and those with the same keys in a transaction.
pub(crate) async fn rows(store: &dyn EventStore) -> Vec<Value> {
    let read = consumers(store)
        .select_rows(&RowQuery::all(CONSUMER, table()))
        .await
        .unwrap();
    let rows: Vec<Value> = read
        .rows
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let keys: Vec<_> = rows
        .iter()
        .map(|row| json!([row["id"], row["order"]]).to_string())
        .collect();
    let mut transaction = store.begin().await.unwrap();
    let consumers = transaction.consumers().unwrap();
    let by_key = consumers.read_rows(&table(), "group", &keys).await.unwrap();
    let by_key: Vec<Value> = by_key
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    // In any order.
    assert_eq!(rows.len(), by_key.len());
    assert!(rows.iter().all(|row| by_key.contains(row)));
    rows
}

pub(crate) fn full() -> Value {
    json!({
        "id": "it's \"quoted\" \\ 'é' \u{1f600} \u{7f} $.x %s ?1 ; --",
        "order": i64::MIN,
        "number": i64::MAX,
        "real": 0.1 + 0.2,
        "is_open": true,
        "day": "2024-02-29",
        "at": "2024-02-29T23:59:59.000001Z",
        "uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8",
        "json": {"a": [1, 2.5, null, true, "x\"y"], "big": u64::MAX},
        "note": "line\nline\ttab\r",
    })
}
