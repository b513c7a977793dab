//! What the exact order costs, beside the same append with AUTO_INCREMENT, which loses events.
//!
//! `cargo test --release -p rehydrate-sqlx --features mysql --test mysql cost -- --ignored --nocapture
//! --test-threads 1`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rehydrate::{EventStore as _, Expected};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use sqlx::ConnectOptions as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use crate::common::{Database, batch, run, stream};
use crate::proxy;

const SECONDS: u64 = 3;

/// What one writer does once.
#[derive(Clone, Copy, Debug)]
enum Way {
    Store,
    /// The store's statements without the counter.
    AutoIncrement,
    /// The counter, with a round trip for each statement.
    CounterStepByStep,
    /// The counter, with `VALUES` in place of `JSON_TABLE`.
    CounterAndValues,
}

const BIND: &str = "SET @category = ?, @stream = ?, @expected = ?, @events = ?, @turn = 1";

const CHECK: &str = "SELECT COALESCE(head.version, 0), command.position, CASE WHEN
    COALESCE(@expected = COALESCE(head.version, 0), TRUE) THEN 1 END
    INTO @version, @known, @turn FROM (SELECT 1) AS one
    LEFT JOIN rehydrate_commands AS command ON command.idempotency_key = @key
    LEFT JOIN (SELECT version FROM events_by_hand WHERE category = @category
    AND stream_id = @stream ORDER BY version DESC LIMIT 1) AS head ON TRUE WHERE @turn = 1";

const INSERT_WITHOUT_COUNTER: &str = "INSERT INTO events_by_hand
    (category, stream_id, version, event_type, schema_version, payload, event_id, recorded_at)
    SELECT @category, @stream, @version + event.number, 'captured', 1, event.payload,
    UNHEX(event.id), 1700000000000000
    FROM JSON_TABLE(@events, '$[*]' COLUMNS (number FOR ORDINALITY, id CHAR(32) PATH '$[0]',
    payload LONGTEXT CHARACTER SET utf8mb4 PATH '$[3]')) AS event WHERE @turn = 1";

const INSERT_AT: &str = "INSERT INTO events_by_hand
    (position, category, stream_id, version, event_type, schema_version, payload, event_id,
    recorded_at) VALUES (?, ?, ?, ?, 'captured', 1, ?, ?, 1700000000000000)";

async fn once(way: Way, store: &MySqlStore, connection: &mut MySqlConnection, id: u64) {
    let payload = r#"{"amount_cents":1000,"currency":"EUR"}"#;
    let event_id = uuid::Uuid::now_v7();
    match way {
        Way::Store => {
            let (stream, batch) = (stream(id), batch(&[payload]));
            let appended = store.append(&stream, Expected::NoStream, &batch);
            appended.await.unwrap();
        }
        Way::AutoIncrement => {
            let events =
                serde_json::json!([[event_id.simple().to_string(), "captured", 1, payload]]);
            sqlx::query(BIND)
                .bind("payment")
                .bind(id.to_string())
                .bind(0)
                .bind(events.to_string())
                .execute(&mut *connection)
                .await
                .unwrap();
            let script = format!(
                "START TRANSACTION; {CHECK}; {CHECK}; {INSERT_WITHOUT_COUNTER};
                INSERT INTO rehydrate_commands SELECT @key, 0, '', '', 0, 0, 0 FROM (SELECT 1) AS one
                WHERE @key IS NOT NULL;
                SELECT @turn, @version; SET @events = NULL; COMMIT"
            );
            run(connection, script).await;
        }
        Way::CounterStepByStep | Way::CounterAndValues => {
            run(connection, "START TRANSACTION").await;
            let position: i64 = sqlx::query_scalar(
                "SELECT position FROM rehydrate_counter WHERE id = 1 FOR UPDATE",
            )
            .fetch_one(&mut *connection)
            .await
            .unwrap();
            if matches!(way, Way::CounterStepByStep) {
                sqlx::query("SELECT version FROM events_by_hand WHERE category = 'payment' AND stream_id = ? ORDER BY version DESC LIMIT 1")
                    .bind(id.to_string())
                    .fetch_optional(&mut *connection)
                    .await
                    .unwrap();
            }
            sqlx::query(INSERT_AT)
                .bind(position + 1)
                .bind("payment")
                .bind(id.to_string())
                .bind(1)
                .bind(payload)
                .bind(event_id.as_bytes().as_slice())
                .execute(&mut *connection)
                .await
                .unwrap();
            sqlx::query("UPDATE rehydrate_counter SET position = ? WHERE id = 1")
                .bind(position + 1)
                .execute(&mut *connection)
                .await
                .unwrap();
            run(connection, "COMMIT").await;
        }
    }
}

async fn measure(way: Way, writers: usize, delay: Duration) -> Option<f64> {
    let database = Database::migrated().await?;
    let mut stranger = database.stranger().await;
    run(
        &mut stranger,
        "CREATE TABLE events_by_hand LIKE rehydrate_events;
        ALTER TABLE events_by_hand MODIFY position BIGINT NOT NULL AUTO_INCREMENT",
    )
    .await;
    let mut at: MySqlConnectOptions = crate::common::url().parse().unwrap();
    let mut url = crate::common::url();
    if !delay.is_zero() {
        let port = proxy::start_far_away(at.get_host().to_owned(), at.get_port(), delay).await;
        let near = format!("{}:{}", at.get_host(), at.get_port());
        url = url.replace(&near, &format!("127.0.0.1:{port}"));
        at = at.host("127.0.0.1").port(port);
    }
    at = at.database(&database.name);
    let options = MySqlOptions::from_url(&url).unwrap();
    let store = MySqlStore::connect(options.database(&database.name))
        .await
        .unwrap();
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..writers {
        let (store, count) = (store.clone(), Arc::clone(&count));
        let mut connection = at.connect().await.unwrap();
        run(
            &mut connection,
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        )
        .await;
        tasks.push(tokio::spawn(async move {
            while begun.elapsed() < Duration::from_secs(SECONDS) {
                let id = count.fetch_add(1, Ordering::Relaxed);
                once(way, &store, &mut connection, id).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    Some(rate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn cost() {
    for way in [
        Way::Store,
        Way::AutoIncrement,
        Way::CounterStepByStep,
        Way::CounterAndValues,
    ] {
        for writers in [1, 8] {
            let Some(rate) = measure(way, writers, Duration::ZERO).await else {
                return;
            };
            println!("{way:?}, {writers} writers: {rate:.0} appends a second");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn cost_over_a_network() {
    for way in [Way::Store, Way::CounterStepByStep] {
        for writers in [1, 8] {
            let Some(rate) = measure(way, writers, Duration::from_millis(1)).await else {
                return;
            };
            println!("{way:?}, {writers} writers, far away: {rate:.0} appends a second");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn cost_of_large_batches() {
    let Some(database) = Database::migrated().await else {
        return;
    };
    let store = database.open().await;
    for events in [1, 10, 100, 1_000] {
        let payloads = vec![r#"{"amount_cents":1000,"currency":"EUR"}"#; events];
        let batch = batch(&payloads);
        let begun = Instant::now();
        for id in 0..50 {
            let stream = stream(format!("{events}-{id}"));
            let appended = store.append(&stream, Expected::NoStream, &batch);
            appended.await.unwrap();
        }
        let each = begun.elapsed() / 50;
        println!("{events} events: {each:?} an append");
    }
}
