//! What the promises about consumers share: builds, tables, rows.

use chrono::{DateTime, NaiveDate, Utc};
use rehydrate_port::{
    Checkpoint, CheckpointId, Column, ColumnKind, Condition, ConsumerKind, ConsumerStore,
    ConsumerTransaction, EventStore, Locked, Position, Role, RowQuery, Table, Transaction, Wait,
    physical_name,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fixture::noon;

/// The consumer that most promises are about.
pub(super) const CONSUMER: &str = "contract";

/// What the store keeps for consumers; the promises say nothing of a store that keeps nothing.
pub(super) fn consumers(store: &dyn EventStore) -> Option<&dyn ConsumerStore> {
    let consumers = store.consumers();
    if consumers.is_none() {
        eprintln!("not run: this store has no consumers");
    }
    consumers
}

pub(super) async fn begin(store: &dyn EventStore) -> Box<dyn Transaction> {
    store.begin().await.expect("a transaction begins")
}

pub(super) fn within(transaction: &mut Box<dyn Transaction>) -> &mut dyn ConsumerTransaction {
    let consumers = transaction.consumers();
    consumers.expect("a store with consumers has them in its transactions")
}

pub(super) fn id(build: u32, shard: u32) -> CheckpointId {
    CheckpointId {
        consumer: CONSUMER.to_owned(),
        build,
        shard,
    }
}

/// A checkpoint as a build begins with.
pub(super) fn checkpoint(id: CheckpointId, role: Role, table: &Table) -> Checkpoint {
    Checkpoint {
        id,
        kind: ConsumerKind::Projection,
        definition: 3,
        role,
        table: Some(table.clone()),
        position: Position::ZERO,
        revision: 0,
        condition: Condition::New,
        event_at: None,
        changed_at: noon(),
        lease: None,
    }
}

/// Makes a build of one shard.
pub(super) async fn create(store: &dyn ConsumerStore, build: u32, role: Role, table: &Table) {
    let shards = [checkpoint(id(build, 0), role, table)];
    let created = store.create_build(&shards).await;
    created.expect("a build is created");
}

pub(super) async fn lock(transaction: &mut Box<dyn Transaction>, id: &CheckpointId) -> Checkpoint {
    match within(transaction).lock(id, Wait::ForOthers).await {
        Ok(Locked::Taken(checkpoint)) => *checkpoint,
        other => panic!("{id:?} is locked, not {other:?}"),
    }
}

/// Moves a checkpoint in a transaction.
pub(super) async fn advance(
    transaction: &mut Box<dyn Transaction>,
    id: &CheckpointId,
    position: u64,
) {
    let checkpoint = Checkpoint {
        position: Position(position),
        condition: Condition::CatchingUp,
        ..lock(transaction, id).await
    };
    let saved = within(transaction).save(&checkpoint).await;
    saved.expect("a checkpoint is saved");
}

pub(super) async fn write_in(
    transaction: &mut Box<dyn Transaction>,
    (table, build, role): (&Table, u32, Role),
    rows: &[Value],
    removed: &[Value],
) {
    let physical = physical_name(&table.name, build, role);
    let (rows, removed) = (texts(rows), texts(removed));
    let written = within(transaction)
        .write_rows(table, &physical, &rows, &removed)
        .await;
    written.expect("rows are written");
}

/// Writes rows in a transaction of their own.
pub(super) async fn write(
    store: &dyn EventStore,
    build: (&Table, u32, Role),
    rows: &[Value],
    removed: &[Value],
) {
    let mut transaction = begin(store).await;
    write_in(&mut transaction, build, rows, removed).await;
    transaction.commit().await.expect("the commit succeeds");
}

pub(super) fn query(table: &Table, build: Option<(u32, Role)>) -> RowQuery {
    RowQuery {
        build,
        ..RowQuery::all(CONSUMER, table.clone())
    }
}

/// The rows that a query finds, in a form that compares.
pub(super) async fn select(store: &dyn ConsumerStore, query: &RowQuery) -> Vec<Value> {
    let read = store.select_rows(query).await;
    let rows = read.expect("rows can be read").rows;
    rows.iter().map(|row| normal(&query.table, row)).collect()
}

pub(super) fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(Value::to_string).collect()
}

/// A table with every kind of column and a key of three of them.
pub(super) fn every_kind() -> Table {
    let columns = vec![
        Column::of::<String>("account").key(),
        Column::of::<NaiveDate>("due").key(),
        Column::of::<i64>("number").key(),
        Column::of::<Option<String>>("text").indexed(),
        Column::of::<Option<String>>("order"),
        Column::of::<Option<i64>>("whole").indexed(),
        Column::of::<Option<f64>>("part"),
        Column::of::<Option<bool>>("is_good"),
        Column::of::<Option<NaiveDate>>("day"),
        Column::of::<Option<DateTime<Utc>>>("at").indexed(),
        Column::of::<Option<Uuid>>("uuid"),
        Column::json("shape"),
    ];
    table("contract_rows", columns)
}

/// A table of names and numbers, and some more columns.
pub(super) fn small(more: &[Column]) -> Table {
    let mut columns = vec![
        Column::of::<String>("name").key(),
        Column::of::<i64>("number"),
    ];
    columns.extend_from_slice(more);
    table("contract_small", columns)
}

fn table(name: &'static str, columns: Vec<Column>) -> Table {
    Table {
        name: name.into(),
        columns: columns.into(),
    }
}

/// A row of [`every_kind`], with nothing in the columns that are not given.
pub(super) fn row(account: &str, due: &str, number: i64, rest: Value) -> Value {
    let mut row = json!({ "account": account, "due": due, "number": number });
    if let (Value::Object(row), Value::Object(rest)) = (&mut row, rest) {
        row.extend(rest);
    }
    row
}

/// A row of [`small`].
pub(super) fn named(name: &str, number: i64) -> Value {
    json!({ "name": name, "number": number })
}

/// A row as every store should give it: each column once, each value in one form.
pub(super) fn normal(table: &Table, row: &str) -> Value {
    let row: Map<String, Value> = serde_json::from_str(row).expect("a row is a JSON object");
    let unknown = row.keys().find(|name| table.column(name).is_none());
    assert_eq!(unknown, None, "a row has the columns of its table");
    let columns = table.columns.iter().map(|column| {
        let value = row.get(&*column.name).cloned();
        (
            column.name.to_string(),
            in_one_form(column.kind, value.unwrap_or_default()),
        )
    });
    Value::Object(columns.collect())
}

fn in_one_form(kind: ColumnKind, value: Value) -> Value {
    const FITS: &str = "a value is of its column's kind";
    if value.is_null() {
        return value;
    }
    match kind {
        ColumnKind::Text => value.as_str().expect(FITS).into(),
        ColumnKind::Integer => value.as_i64().expect(FITS).into(),
        ColumnKind::Real => value.as_f64().expect(FITS).into(),
        ColumnKind::Boolean => value.as_bool().expect(FITS).into(),
        ColumnKind::Date => {
            let day: NaiveDate = serde_json::from_value(value).expect(FITS);
            day.to_string().into()
        }
        ColumnKind::Time => {
            let time: DateTime<Utc> = serde_json::from_value(value).expect(FITS);
            time.to_rfc3339().into()
        }
        ColumnKind::Uuid => {
            let uuid: Uuid = serde_json::from_value(value).expect(FITS);
            uuid.to_string().into()
        }
        ColumnKind::Json => value,
    }
}

/// Rows as they are expected.
pub(super) fn normals<'a>(table: &Table, rows: impl IntoIterator<Item = &'a Value>) -> Vec<Value> {
    let rows = rows.into_iter();
    rows.map(|row| normal(table, &row.to_string())).collect()
}
