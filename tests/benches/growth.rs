//! What a long log costs: appends, loads, pages and the watermark at ten thousand, a million and ten
//! million events.
//!
//! `cargo bench -p rehydrate-tests --bench growth` fills SQLite and PostgreSQL up to each size and
//! prints microseconds (p50 and p99, and how they compare with those at the first size), for 1, 8 and
//! 64 writers; and at the last size, what four followers of the log cost eight writers. Writers
//! append to the hundred accounts that are busy at the log's end, as a business does, and then to
//! accounts from anywhere in the log, each of which is likely to be on a page of the index that
//! nobody else writes to.
//! `REHYDRATE_BENCH_SIZES` (`10000,1000000,10000000`) says which sizes. Ten million events need 10 GB
//! of disk and ten minutes. Every read is checked; times are only printed.
//!
//! The server at `REHYDRATE_POSTGRES_URL` is used as it is, and its `shared_buffers` is printed: the
//! events of an account lie among those of a hundred others, so a load touches as many pages as it
//! reads events, and one that is not in memory costs more. So the same accounts are loaded twice.

#[path = "growth/followers.rs"]
mod followers;
#[path = "growth/log.rs"]
mod log;
#[path = "growth/times.rs"]
mod times;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use rehydrate::{EventStore, LogQuery, Position, StreamQuery};
use rehydrate_tests::stores::{Place, sqlite_file};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use self::log::{EVENTS, Writer};
use self::times::{Table, Times};

/// How often each thing is done, before and while it is measured.
const WARM: u64 = 100;
const OFTEN: u64 = 1_000;
const APPENDS: u64 = 25_600;

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
        "microseconds, p50 / p99 (p50, p99 beside those at {} events)\n",
        sizes[0]
    );
    let mut tables = Tables {
        appends: Table::new("store | events | to accounts | append | 8 writers | 64 writers"),
        reads: Table::new("store | events | load | again | page | watermark"),
    };
    let (_folder, sqlite) = sqlite_file().await;
    let sqlite: Arc<dyn EventStore> = Arc::new(sqlite);
    tables.measure("SQLite", &sqlite, &sizes, async || ()).await;
    let place = Place::on_postgres().await;
    let mut postgres = None;
    if let Some(place) = &place {
        let store = postgres.insert(place.open().await);
        tables
            .measure("PostgreSQL", store, &sizes, async || settle(place).await)
            .await;
        println!("\nshared_buffers: {}", shared_buffers(place).await);
    }
    tables.appends.print();
    tables.reads.print();
    println!();
    followers::measure("SQLite", &sqlite, last).await;
    if let Some(postgres) = &postgres {
        followers::measure("PostgreSQL", postgres, last).await;
    }
}

struct Tables {
    appends: Table,
    reads: Table,
}

impl Tables {
    /// At each of the sizes.
    async fn measure(
        &mut self,
        name: &str,
        store: &Arc<dyn EventStore>,
        sizes: &[u64],
        settle: impl AsyncFn(),
    ) {
        let mut filled = 0;
        for &size in sizes {
            log::fill(store, filled, size).await;
            filled = size;
            settle().await;
            // Before writers have made some of the accounts longer; and once more, when what the first
            // loads have read from the disk is in memory.
            let reads = vec![
                load(store, size).await,
                load(store, size).await,
                page(store, size).await,
                watermark(store).await,
            ];
            self.reads.add(name, &format!("{name} | {size}"), reads);
            for (to, accounts) in [
                ("of the moment", log::accounts_of_the_moment(size)),
                ("anywhere", log::accounts(size)),
            ] {
                let mut all = Vec::new();
                for writers in [1, 8, 64] {
                    all.push(append(store, &accounts, writers).await);
                }
                let (of, row) = (format!("{name} {to}"), format!("{name} | {size} | {to}"));
                self.appends.add(&of, &row, all);
            }
        }
    }
}

/// One event each time to one of these accounts, by so many writers at once.
async fn append(store: &Arc<dyn EventStore>, accounts: &Range<u64>, writers: u64) -> Times {
    let each = APPENDS / writers.max(4);
    let tasks = (0..writers).map(|number| {
        let mut writer = Writer::new(Arc::clone(store), accounts, writers, number);
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
