//! What a long log costs: appends, loads, pages and the watermark at ten thousand, a million and ten
//! million events.
//!
//! `cargo bench -p rehydrate-tests --bench growth` fills SQLite and PostgreSQL up to each size and
//! prints microseconds (p50 and p99, and how they compare with those at the first size), for 1, 8 and
//! 64 writers; and at the last size, what four followers of the log cost eight writers.
//! `REHYDRATE_BENCH_SIZES` (`10000,1000000,10000000`) says which sizes. Ten million events need 10 GB
//! of disk and a quarter of an hour. Every read is checked; times are only printed.
//!
//! The server at `REHYDRATE_POSTGRES_URL` is used as it is, and its `shared_buffers` is printed: the
//! events of an account lie among those of a hundred others, so a load touches as many pages as it
//! reads events, and one that is not in memory costs more.

#[path = "growth/followers.rs"]
mod followers;
#[path = "growth/log.rs"]
mod log;
#[path = "growth/times.rs"]
mod times;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use rehydrate::{EventStore, LogQuery, Position, StreamQuery};
use rehydrate_tests::stores::{Place, sqlite_file};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use self::log::{EVENTS, Writer};
use self::times::Times;

/// How often each thing is done, before and while it is measured.
const WARM: u64 = 100;
const OFTEN: u64 = 1_000;

#[tokio::main]
async fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let sizes = std::env::var("REHYDRATE_BENCH_SIZES");
    let sizes = sizes.unwrap_or_else(|_| "10000,1000000,10000000".to_owned());
    let sizes: Vec<u64> = sizes
        .split(',')
        .map(|size| size.parse().expect("sizes are numbers, with commas"))
        .collect();
    let last = *sizes.last().expect("there is a size");
    println!(
        "microseconds, p50 / p99 (p50, p99 beside those at {} events)",
        sizes[0]
    );
    println!("| store | events | append | 8 writers | 64 writers | load | page | watermark |");
    println!("|---|---|---|---|---|---|---|---|");
    let (_folder, sqlite) = sqlite_file().await;
    let sqlite: Arc<dyn EventStore> = Arc::new(sqlite);
    measure("SQLite", &sqlite, &sizes, async || ()).await;
    let Some(place) = Place::on_postgres().await else {
        followers::measure("SQLite", &sqlite, last).await;
        return;
    };
    let postgres = place.open().await;
    measure("PostgreSQL", &postgres, &sizes, async || {
        settle(&place).await;
    })
    .await;
    println!("\nshared_buffers: {}\n", shared_buffers(&place).await);
    followers::measure("SQLite", &sqlite, last).await;
    followers::measure("PostgreSQL", &postgres, last).await;
}

/// At each of the sizes.
async fn measure(name: &str, store: &Arc<dyn EventStore>, sizes: &[u64], settle: impl AsyncFn()) {
    let mut filled = 0;
    let mut first: Option<Vec<Times>> = None;
    for &size in sizes {
        log::fill(store, filled, size).await;
        filled = size;
        settle().await;
        let mut all = Vec::new();
        for writers in [1, 8, 64] {
            all.push(append(store, size, writers).await);
        }
        all.push(load(store, size).await);
        all.push(page(store, size).await);
        all.push(watermark(store).await);
        let before = first.get_or_insert_with(|| all.clone());
        let cells: Vec<String> = all
            .iter()
            .zip(before)
            .map(|(now, then)| now.beside(then))
            .collect();
        println!("| {name} | {size} | {} |", cells.join(" | "));
    }
}

/// One event to an account anywhere in the log, by so many writers at once.
async fn append(store: &Arc<dyn EventStore>, size: u64, writers: u64) -> Times {
    let each = OFTEN.max(64 * 100) / writers.max(4);
    let tasks = (0..writers).map(|number| {
        let mut writer = Writer::new(Arc::clone(store), size, writers, number);
        tokio::spawn(async move {
            for _ in 0..WARM / writers + 1 {
                writer.append().await;
            }
            let mut times = Times::default();
            for _ in 0..each {
                times.add(writer.append().await);
            }
            times
        })
    });
    let mut all = Times::default();
    for times in join_all(tasks).await {
        all.join(times.expect("the writer comes to its end"));
    }
    all
}

/// An account, from its first event.
async fn load(store: &Arc<dyn EventStore>, size: u64) -> Times {
    repeated(async |number| {
        let stream = log::account_anywhere(size, number);
        let query = StreamQuery::new(stream);
        let read = store.read(&query).await.expect("the account is there");
        let mut pages = read.pages;
        let mut events = 0;
        while let Some(page) = pages.next().await {
            events += page.expect("its events are").len();
        }
        assert!(events >= EVENTS, "{events} of {EVENTS}");
    })
    .await
}

/// A hundred events from anywhere in the log.
async fn page(store: &Arc<dyn EventStore>, size: u64) -> Times {
    repeated(async |number| {
        let after = log::anywhere(size - 100, number);
        let query = LogQuery {
            limit: 100,
            ..LogQuery::after(Position::new(after))
        };
        let page = store.read_log(&query).await.expect("the log can be read");
        assert_eq!(page.events.len(), 100);
    })
    .await
}

async fn watermark(store: &Arc<dyn EventStore>) -> Times {
    repeated(async |_| {
        store.watermark().await.expect("there is one");
    })
    .await
}

async fn repeated(mut run: impl AsyncFnMut(u64)) -> Times {
    for number in 0..WARM {
        run(number).await;
    }
    let mut times = Times::default();
    for number in WARM..WARM + OFTEN {
        let begun = Instant::now();
        run(number).await;
        times.add(begun.elapsed());
    }
    times
}

/// What filling has left to the server is done before anything is measured.
async fn settle(place: &Place) {
    let vacuum = format!("VACUUM ANALYZE {}.rehydrate_events", place.name());
    for sql in [vacuum.as_str(), "CHECKPOINT"] {
        let mut connection = PgConnection::connect(place.server_url())
            .await
            .expect("the server answers");
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await;
        if let Err(error) = done {
            println!("{sql} was not done: {error}");
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn shared_buffers(place: &Place) -> String {
    let mut connection = PgConnection::connect(place.server_url())
        .await
        .expect("the server answers");
    sqlx::query_scalar("SELECT current_setting('shared_buffers')")
        .fetch_one(&mut connection)
        .await
        .expect("it has one")
}
