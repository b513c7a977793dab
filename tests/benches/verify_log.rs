//! Before a deploy: census and verification of a long log, and what they cost in memory.
//!
//! `cargo bench -p rehydrate-tests --bench verify_log` fills SQLite and PostgreSQL with events of
//! three schema versions and prints events a second, beside a loop by hand that reads the same rows
//! and does nothing but decode today's struct, and the largest resident memory at a tenth of the log
//! and at all of it. `REHYDRATE_BENCH_EVENTS` (1,000,000) says how many. It fails if the memory grows
//! with the log; times are only printed.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::{
    Aggregate, Event, EventRow, EventStore, Page, Position, SchemaVersion, VerifyLog, Version,
};
use rehydrate_tests::stores::{Place, sqlite_file};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

const STREAMS: u64 = 2_000;
const PAGE: i64 = 1_000;
const ROUNDS: usize = 3;

#[derive(Event, Serialize, Deserialize)]
enum FineEvent {
    #[event(history(PaidV1, PaidV2))]
    Paid { cents: u64, by: String, at: String },
}

#[derive(Deserialize)]
struct PaidV1 {
    euros: u64,
    by: String,
}

#[derive(Deserialize)]
struct PaidV2 {
    cents: u64,
    by: String,
}

impl From<PaidV1> for PaidV2 {
    fn from(old: PaidV1) -> Self {
        Self {
            cents: old.euros * 100,
            by: old.by,
        }
    }
}

impl From<PaidV2> for FineEvent {
    fn from(old: PaidV2) -> Self {
        Self::Paid {
            cents: old.cents,
            by: old.by,
            at: "the counter".to_owned(),
        }
    }
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = FineEvent)]
struct Fine {
    cents: u64,
}

impl ApplyFineEvent for Fine {
    fn paid(&mut self, cents: u64, _by: String, _at: String) {
        self.cents += cents;
    }
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let events = setting("REHYDRATE_BENCH_EVENTS", 1_000_000);
    println!("{events} events of 3 schema versions; the best of {ROUNDS} runs, events/s");
    println!("| store | events | census | verify | by hand | ratio | peak RSS of verify |");
    println!("|---|---|---|---|---|---|---|");
    let (folder, store) = sqlite_file().await;
    let url = format!("sqlite://{}", folder.path().join("events.db").display());
    measure(&Hand::Sqlite(url), Arc::new(store), events).await;
    if let Some(place) = Place::on_postgres().await {
        let (url, _) = place.url().split_once('?').unwrap_or((place.url(), ""));
        let hand = Hand::Postgres(url.to_owned(), place.name().to_owned());
        measure(&hand, place.open().await, events).await;
    }
}

fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// At a tenth of the log and at all of it.
async fn measure(hand: &Hand, store: Arc<dyn EventStore>, events: u64) {
    let mut there = 0;
    let mut peaks = Vec::new();
    for goal in [events / 10, events] {
        fill(&store, there, goal).await;
        there = goal;
        let (mut census, mut verify, mut by_hand) = (0.0_f64, 0.0_f64, 0.0_f64);
        let (mut peak, mut since) = (0, "");
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let counted = store.census().await.expect("the log can be counted");
            census = census.max(rate(goal, begun));
            let total: u64 = counted.iter().map(|entry| entry.events).sum();
            assert_eq!((counted.len(), total), (3, goal));

            let is_reset = reset_peak();
            let begun = Instant::now();
            let log = VerifyLog::new().aggregate::<Fine>();
            let verified = log.run(&*store, |_| ()).await.expect("the log can be read");
            verify = verify.max(rate(goal, begun));
            assert!(verified.is_fine(), "{:?}", verified.by_type);
            assert_eq!((verified.events, verified.by_type.len()), (goal, 3));
            peak = peak.max(kilobytes("VmHWM"));
            since = if is_reset { "" } else { " since the start" };

            let begun = Instant::now();
            let decoded = hand.decode().await.expect("the database answers");
            by_hand = by_hand.max(rate(goal, begun));
            assert_eq!(decoded, goal);
        }
        println!(
            "| {} | {goal} | {census:.0} | {verify:.0} | {by_hand:.0} | {:.2} | {:.1} MB{since} |",
            hand.name(),
            verify / by_hand,
            f64::from(peak) / 1_024.0
        );
        peaks.push((peak, since));
    }
    check_memory(hand.name(), &peaks);
}

/// Fails if ten times as many events take noticeably more memory.
fn check_memory(store: &str, peaks: &[(u32, &str)]) {
    let [(tenth, ""), (all, "")] = *peaks else {
        println!("the largest memory of a run cannot be told here, so it is not compared");
        return;
    };
    assert!(
        f64::from(all) <= f64::from(tenth) * 1.5 + 20.0 * 1_024.0,
        "{store}: verifying the whole log took {all} kB, a tenth of it {tenth} kB"
    );
}

fn rate(events: u64, begun: Instant) -> f64 {
    u32::try_from(events).map_or(0.0, f64::from) / begun.elapsed().as_secs_f64()
}

/// Forgets the largest memory so far.
fn reset_peak() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

fn kilobytes(name: &str) -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Adds events up to a position, a third of them of each version.
async fn fill(store: &Arc<dyn EventStore>, there: u64, goal: u64) {
    let noon: DateTime<Utc> = "2016-03-01T12:00:00Z".parse().expect("a time");
    let mut position = there;
    while position < goal {
        let mut page = Page::new();
        while position < goal && page.len() < 5_000 {
            let (stream_id, payload, version) = nth(position);
            position += 1;
            page.push(&EventRow {
                category: "fine",
                stream_id: &stream_id,
                version: Version((position - 1) / STREAMS + 1),
                position: Position(position),
                event_type: "paid",
                schema_version: SchemaVersion(version),
                payload: &payload,
                metadata: None,
                event_id: Uuid::from_u128(u128::from(position)),
                recorded_at: noon + TimeDelta::seconds(i64::try_from(position).unwrap_or(0)),
            });
        }
        store.import(&page).await.expect("the log goes on");
    }
}

/// The stream, payload and schema version of an event.
fn nth(number: u64) -> (String, String, u32) {
    let cents = number % 9_700 + 100;
    let (payload, version) = match number % 3 {
        0 => (format!(r#"{{"euros":{},"by":"post"}}"#, cents / 100), 1),
        1 => (format!(r#"{{"cents":{cents},"by":"post"}}"#), 2),
        _ => {
            let today = format!(r#"{{"cents":{cents},"by":"card","at":"a machine"}}"#);
            (today, 3)
        }
    };
    ((number % STREAMS).to_string(), payload, version)
}

/// The same rows by hand, of the columns that decoding needs.
enum Hand {
    Sqlite(String),
    Postgres(String, String),
}

/// Whatever version it is, without a look at the past.
#[derive(Deserialize)]
struct Paid {
    #[serde(default, alias = "euros")]
    cents: u64,
    by: String,
    #[serde(default)]
    at: String,
}

impl Paid {
    fn decode(payload: &str) -> u64 {
        let paid: Paid = serde_json::from_str(payload).expect("a payment");
        std::hint::black_box((paid.cents, paid.by, paid.at));
        1
    }
}

impl Hand {
    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    async fn decode(&self) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(url) => decode_sqlite(url).await,
            Self::Postgres(url, schema) => decode_postgres(url, schema).await,
        }
    }
}

async fn decode_sqlite(url: &str) -> Result<u64, sqlx::Error> {
    let mut connection = SqliteConnection::connect(url).await?;
    let (mut decoded, mut position) = (0, 0_i64);
    loop {
        let rows = sqlx::query(
            "SELECT position, category, stream_id, version, event_type, schema_version, payload,
                metadata, event_id, recorded_at
            FROM rehydrate_events WHERE position > ?1 ORDER BY position LIMIT ?2",
        )
        .bind(position)
        .bind(PAGE)
        .fetch_all(&mut connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(decoded);
        };
        position = last.get(0);
        decoded += rows.iter().map(|row| Paid::decode(row.get(6))).sum::<u64>();
    }
}

async fn decode_postgres(url: &str, schema: &str) -> Result<u64, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query("SELECT set_config('search_path', $1, false)")
        .bind(schema)
        .execute(&mut connection)
        .await?;
    let (mut decoded, mut position) = (0, 0_i64);
    loop {
        let rows = sqlx::query(
            "SELECT position, category, stream_id, version, event_type, schema_version,
                payload::text, metadata::text, event_id, recorded_at
            FROM rehydrate_events WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(position)
        .bind(PAGE)
        .fetch_all(&mut connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(decoded);
        };
        position = last.get(0);
        decoded += rows.iter().map(|row| Paid::decode(row.get(6))).sum::<u64>();
    }
}
