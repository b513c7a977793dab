//! The plans that a connection keeps.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use rehydrate::{EventStore as _, Expected, Role, StreamQuery, Transaction};
use rehydrate_sqlx::PostgresStore;
use serde_json::json;
use sqlx::PgConnection;

use crate::common::{Place, batch, execute, stream};
use crate::fixture::{consumers, shard, table};

/// PostgreSQL settles on a plan after five executions.
const OFTEN: u64 = 12;

#[tokio::test]
async fn a_plan_for_a_few_events_is_not_kept_for_a_long_log() {
    let Some(place) = Place::new().await else {
        return;
    };
    let options = place.options().max_connections(1);
    let store = PostgresStore::connect(options).await.unwrap();
    let mut stranger = place.stranger().await;
    // Nobody tells PostgreSQL that the table has grown.
    let quiet = "ALTER TABLE rehydrate_events SET (autovacuum_enabled = false)";
    execute(&mut stranger, quiet).await;
    use_the_store(&store, 0..OFTEN).await;
    execute(&mut stranger, "ANALYZE rehydrate_events").await;
    use_the_store(&store, 100..100 + OFTEN).await;
    let young = scans(&store, &mut stranger, "rehydrate_events").await;
    assert!(young > 0, "PostgreSQL reads all of a table with few rows");
    let grow = "INSERT INTO rehydrate_events (
            category, stream_id, version, event_type, schema_version, payload, event_id, recorded_at
        )
        SELECT 'account', 'long' || number % 100, number / 100 + 1, 'deposited', 1, '{}',
            gen_random_uuid(), now()
        FROM generate_series(0, 19999) AS number";
    execute(&mut stranger, grow).await;
    // The first append shows how long the log is.
    use_the_store(&store, 200..201).await;
    let before = scans(&store, &mut stranger, "rehydrate_events").await;
    use_the_store(&store, 300..300 + OFTEN).await;
    assert_eq!(
        scans(&store, &mut stranger, "rehydrate_events").await,
        before
    );
}

#[tokio::test]
async fn a_plan_for_a_few_rows_is_not_kept_for_a_table_of_a_long_log() {
    let Some(place) = Place::new().await else {
        return;
    };
    let options = place.options().max_connections(1);
    let store = PostgresStore::connect(options).await.unwrap();
    let live = [shard(1, Role::Live)];
    consumers(&store).create_build(&live).await.unwrap();
    let mut stranger = place.stranger().await;
    let quiet = r#"ALTER TABLE "group" SET (autovacuum_enabled = false)"#;
    execute(&mut stranger, quiet).await;
    use_the_table(&store, 0..OFTEN).await;
    execute(&mut stranger, r#"ANALYZE "group""#).await;
    use_the_table(&store, 100..100 + OFTEN).await;
    let young = scans(&store, &mut stranger, r#""group""#).await;
    assert!(young > 0, "PostgreSQL reads all of a table with few rows");
    let grow = r#"INSERT INTO "group" (id, "order")
        SELECT 'x', number FROM generate_series(1000, 200999) AS number"#;
    execute(&mut stranger, grow).await;
    execute(&mut stranger, "SELECT setval('rehydrate_positions', 20000)").await;
    // Which shows how long the log is.
    store.watermark().await.unwrap();
    let before = scans(&store, &mut stranger, r#""group""#).await;
    use_the_table(&store, 300..300 + OFTEN).await;
    assert_eq!(scans(&store, &mut stranger, r#""group""#).await, before);
}

/// Writes these rows one by one, and reads each.
async fn use_the_table(store: &PostgresStore, rows: std::ops::Range<u64>) {
    for order in rows {
        let row = json!({"id": "x", "order": order, "note": "a"}).to_string();
        let mut transaction = store.begin().await.unwrap();
        let rows = Transaction::consumers(&mut transaction).unwrap();
        rows.write_rows(&table(), "group", &[row], &[])
            .await
            .unwrap();
        let key = json!(["x", order]).to_string();
        let read = rows.read_rows(&table(), "group", &[key]).await.unwrap();
        assert_eq!(read.len(), 1);
        transaction.commit().await.unwrap();
    }
}

/// Appends an event to each of these new streams, and another one, and loads it.
async fn use_the_store(store: &PostgresStore, streams: std::ops::Range<u64>) {
    for id in streams {
        let stream = stream(id);
        let first = store
            .append(&stream, Expected::NoStream, &batch(&["{}"]))
            .await;
        let next = Expected::Exactly(first.unwrap().version);
        store
            .append(&stream, next, &batch(&["{}", "{}"]))
            .await
            .unwrap();
        let read = store.read(&StreamQuery::new(stream)).await.unwrap();
        let pages: Vec<_> = read.pages.try_collect().await.unwrap();
        assert_eq!(pages.iter().map(|page| page.len()).sum::<usize>(), 3);
    }
}

/// How often somebody has read all of a table.
async fn scans(store: &PostgresStore, stranger: &mut PgConnection, table: &str) -> i64 {
    // A connection says what it has done once a second, when it has come to the end of a statement.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    store.watermark().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let scans = "SELECT seq_scan FROM pg_stat_user_tables WHERE relid = $1::text::regclass";
    let scans = sqlx::query_scalar(scans).bind(table);
    scans.fetch_one(stranger).await.unwrap()
}
