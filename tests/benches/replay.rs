//! Replay: events a second into a table and into memory, beside a loop by hand over the same rows.
//!
//! `cargo bench -p rehydrate-tests --bench replay` prints the medians of interleaved rounds and
//! their ratios. `REHYDRATE_BENCH_EVENTS` (200,000) and `REHYDRATE_BENCH_ROUNDS` (5) say how much.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rehydrate::{
    Batch, EventStore, Expected, InMemory, NewEvent, Old, Rebuild, RecordedTime, Runner, StreamId,
};
use rehydrate_tests::read_models::{Wealths, rows_of};
use rehydrate_tests::stores::{Place, sqlite_file};
use serde::Deserialize;
use sqlx::{Connection, PgConnection, Row, SqliteConnection};

const ACCOUNTS: u64 = 2_000;
const PAGE: i64 = 5_000;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let events = setting("REHYDRATE_BENCH_EVENTS", 200_000);
    let rounds = setting("REHYDRATE_BENCH_ROUNDS", 5);
    println!("{events} events of {ACCOUNTS} accounts, medians of {rounds} rounds, events/s");
    println!("| store | into | by hand | rehydrate | ratio |");
    println!("|---|---|---|---|---|");
    let (folder, store) = sqlite_file().await;
    let file = folder.path().join("events.db");
    let url = format!("sqlite://{}", file.display());
    measure(&Hand::Sqlite(url), Arc::new(store), events, rounds).await;
    if let Some(place) = Place::on_postgres().await {
        let hand = Hand::Postgres(place.url().to_owned(), place.name().to_owned());
        measure(&hand, place.open().await, events, rounds).await;
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn measure(hand: &Hand, store: Arc<dyn EventStore>, events: u64, rounds: u64) {
    fill(&store, events).await;
    let first = Runner::new(Arc::clone(&store)).projection(Wealths::<2>::default());
    first.catch_up().await.expect("it can be built");
    let expected = total(&store).await;
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        let cents = hand.fold(Into::Memory).await;
        times
            .entry("hand memory")
            .or_default()
            .push(begun.elapsed());
        assert_eq!(cents, expected);

        let begun = Instant::now();
        let view = InMemory::new(Arc::clone(&store), Wealths::<2>::default());
        view.refresh().await.expect("the log can be read");
        times
            .entry("ours memory")
            .or_default()
            .push(begun.elapsed());
        assert_eq!(
            view.rows().iter().map(|row| row.cents).sum::<i64>(),
            expected
        );

        let begun = Instant::now();
        let cents = hand.fold(Into::Table).await;
        times.entry("hand table").or_default().push(begun.elapsed());
        assert_eq!(cents, expected);

        let rebuild = Rebuild::new(Arc::clone(&store), Wealths::<2>::default());
        let begun = Instant::now();
        rebuild.run().await.expect("it can be rebuilt");
        times.entry("ours table").or_default().push(begun.elapsed());
        rebuild.swap(Old::Drop).await.expect("it can be swapped");
        assert_eq!(total(&store).await, expected);
    }
    for into in ["memory", "table"] {
        let rate = |who: &str| {
            let mut taken = times[format!("{who} {into}").as_str()].clone();
            taken.sort();
            let median = taken[taken.len() / 2];
            u32::try_from(events).map_or(0.0, f64::from) / median.as_secs_f64()
        };
        let (hand_rate, own_rate) = (rate("hand"), rate("ours"));
        let name = hand.name();
        let ratio = own_rate / hand_rate;
        println!("| {name} | {into} | {hand_rate:.0} | {own_rate:.0} | {ratio:.2} |");
    }
}

async fn total(store: &Arc<dyn EventStore>) -> i64 {
    let rows = rows_of::<Wealths>(store).await;
    rows.iter().map(|row| row.cents).sum()
}

async fn fill(store: &Arc<dyn EventStore>, events: u64) {
    let each = events / ACCOUNTS;
    for account in 0..ACCOUNTS {
        let stream = StreamId::new("account", account).expect("a good name");
        let new = (0..each).map(|number| {
            let payload = format!("{{\"cents\":{}}}", number % 97 + account % 13 + 20);
            NewEvent::new("deposited", 1.into(), payload)
        });
        let batch = Batch::new(new.collect(), RecordedTime::Clock(chrono::Utc::now()));
        let appended = store.append(&stream, Expected::NoStream, &batch).await;
        appended.expect("the store takes it");
    }
}

/// The same by hand: a loop over the rows, a map, and, into a table, one statement a page.
enum Hand {
    Sqlite(String),
    Postgres(String, String),
}

#[derive(Clone, Copy, PartialEq)]
enum Into {
    Memory,
    Table,
}

#[derive(Deserialize)]
struct Deposited {
    cents: i64,
}

#[derive(Default)]
struct Folded {
    wealth: BTreeMap<i64, (i64, i64)>,
    changed: Vec<i64>,
}

impl Folded {
    fn take(&mut self, stream: &str, event_type: &str, payload: &str) {
        let account: i64 = stream.parse().expect("a number");
        if event_type == "deposited" {
            let event: Deposited = serde_json::from_str(payload).expect("a deposit");
            let row = self.wealth.entry(account).or_default();
            row.0 += event.cents;
            row.1 += 1;
            self.changed.push(account);
        }
    }

    /// The changed rows, as JSON.
    fn take_rows(&mut self) -> String {
        self.changed.sort_unstable();
        self.changed.dedup();
        let changed = std::mem::take(&mut self.changed);
        let rows: Vec<_> = changed
            .iter()
            .map(|account| (account, self.wealth[account].0, self.wealth[account].1))
            .collect();
        serde_json::to_string(&rows).expect("numbers are JSON")
    }

    fn total(&self) -> i64 {
        self.wealth.values().map(|row| row.0).sum()
    }
}

impl Hand {
    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    async fn fold(&self, into: Into) -> i64 {
        match self {
            Self::Sqlite(url) => fold_sqlite(url, into).await,
            Self::Postgres(url, schema) => {
                let (url, _) = url.split_once('?').unwrap_or((url, ""));
                fold_postgres(url, schema, into).await
            }
        }
        .expect("the database answers")
    }
}

async fn fold_sqlite(url: &str, into: Into) -> Result<i64, sqlx::Error> {
    let mut connection = SqliteConnection::connect(url).await?;
    let mut folded = Folded::default();
    let mut position = 0_i64;
    let create = "DROP TABLE IF EXISTS by_hand;
        CREATE TABLE by_hand (account INTEGER PRIMARY KEY, cents INTEGER, events INTEGER) STRICT;
        CREATE TABLE IF NOT EXISTS by_hand_checkpoint (id INTEGER PRIMARY KEY, position INTEGER)";
    if into == Into::Table {
        sqlx::raw_sql(create).execute(&mut connection).await?;
    }
    loop {
        let rows = sqlx::query(
            "SELECT position, stream_id, event_type, payload FROM rehydrate_events
            WHERE position > ?1 AND category = 'account' ORDER BY position LIMIT ?2",
        )
        .bind(position)
        .bind(PAGE)
        .fetch_all(&mut connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(folded.total());
        };
        position = last.get(0);
        for row in &rows {
            folded.take(row.get(1), row.get(2), row.get(3));
        }
        if into == Into::Table {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            sqlx::query(
                "INSERT INTO by_hand (account, cents, events)
                SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
                ON CONFLICT (account) DO UPDATE SET cents = excluded.cents, events = excluded.events",
            )
            .bind(folded.take_rows())
            .execute(&mut *transaction)
            .await?;
            sqlx::query("INSERT OR REPLACE INTO by_hand_checkpoint (id, position) VALUES (1, ?1)")
                .bind(position)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
    }
}

async fn fold_postgres(url: &str, schema: &str, into: Into) -> Result<i64, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query("SELECT set_config('search_path', $1, false)")
        .bind(schema)
        .execute(&mut connection)
        .await?;
    let mut folded = Folded::default();
    let mut position = 0_i64;
    let create = "DROP TABLE IF EXISTS by_hand;
        CREATE TABLE by_hand (account bigint PRIMARY KEY, cents bigint, events bigint);
        CREATE TABLE IF NOT EXISTS by_hand_checkpoint (id integer PRIMARY KEY, position bigint)";
    if into == Into::Table {
        sqlx::raw_sql(create).execute(&mut connection).await?;
    }
    loop {
        let rows = sqlx::query(
            "SELECT position, stream_id, event_type, payload::text FROM rehydrate_events
            WHERE position > $1 AND category = 'account' ORDER BY position LIMIT $2",
        )
        .bind(position)
        .bind(PAGE)
        .fetch_all(&mut connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(folded.total());
        };
        position = last.get(0);
        for row in &rows {
            folded.take(row.get(1), row.get(2), row.get(3));
        }
        if into == Into::Table {
            let mut transaction = connection.begin().await?;
            sqlx::query(
                "INSERT INTO by_hand (account, cents, events)
                SELECT (r ->> 0)::bigint, (r ->> 1)::bigint, (r ->> 2)::bigint
                FROM json_array_elements($1::json) AS r
                ON CONFLICT (account) DO UPDATE SET cents = excluded.cents, events = excluded.events",
            )
            .bind(folded.take_rows())
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "INSERT INTO by_hand_checkpoint (id, position) VALUES (1, $1)
                ON CONFLICT (id) DO UPDATE SET position = excluded.position",
            )
            .bind(position)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
        }
    }
}
