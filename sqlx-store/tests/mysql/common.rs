use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::DateTime;
use futures_util::TryStreamExt as _;
use rehydrate::{
    Batch, Command, EventStore, Fingerprint, LogQuery, NewEvent, Page, Position, RecordedTime,
    SchemaVersion, StoreError, StreamId, StreamQuery,
};
use rehydrate_sqlx::{MySqlOptions, MySqlStore};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

pub(crate) fn url() -> String {
    std::env::var("REHYDRATE_MYSQL_URL")
        .unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/test".to_owned())
}

/// A connection to the server, or None where it may be missing.
pub(crate) async fn server() -> Option<MySqlConnection> {
    static SAID: OnceLock<()> = OnceLock::new();
    let options: MySqlConnectOptions = url().parse().unwrap();
    match options.connect().await {
        Ok(connection) => Some(connection),
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("the server of REHYDRATE_MYSQL_URL does not answer: {error}")
        }
        Err(error) => {
            SAID.get_or_init(|| {
                eprintln!("not run: the tests on MySQL, as no server answers: {error}");
            });
            None
        }
    }
}

/// A database of a test's own, dropped with it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    /// None where there is no server.
    pub(crate) async fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mut server = server().await?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rehydrate_test_{}_{number}", std::process::id());
        // With another character set than the store's, as databases have that are older.
        run(
            &mut server,
            format!("CREATE DATABASE {name} CHARACTER SET latin1"),
        )
        .await;
        Some(Self { name })
    }

    /// With the tables.
    pub(crate) async fn migrated() -> Option<Self> {
        let database = Self::new().await?;
        MySqlStore::migrate(&database.options()).await.unwrap();
        Some(database)
    }

    pub(crate) fn options(&self) -> MySqlOptions {
        MySqlOptions::from_url(&url())
            .unwrap()
            .database(&self.name)
            .lock_timeout(Duration::from_secs(1))
    }

    pub(crate) async fn open(&self) -> MySqlStore {
        MySqlStore::connect(self.options()).await.unwrap()
    }

    /// A connection that is not the store's, as another program would have it.
    pub(crate) async fn stranger(&self) -> MySqlConnection {
        let options: MySqlConnectOptions = url().parse().unwrap();
        options.database(&self.name).connect().await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // On a thread of its own, because the test's runtime may be the one that drops it.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                if let Some(mut server) = server().await {
                    let sql = format!("DROP DATABASE IF EXISTS {name}");
                    let _ = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

pub(crate) async fn run(connection: &mut MySqlConnection, sql: impl Into<String>) {
    let sql = sql.into();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

pub(crate) async fn number(connection: &mut MySqlConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

pub(crate) fn stream(id: impl std::fmt::Display) -> StreamId {
    StreamId::new("payment", id).unwrap()
}

pub(crate) fn batch(payloads: &[&str]) -> Batch {
    let events = payloads
        .iter()
        .map(|payload| NewEvent::new("captured", SchemaVersion::FIRST, *payload))
        .collect();
    let time = DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap();
    Batch::new(events, RecordedTime::Clock(time))
}

pub(crate) fn keyed(payloads: &[&str], key: &str) -> Batch {
    Batch {
        command: Some(Command {
            key: key.to_owned(),
            fingerprint: Fingerprint(7),
        }),
        ..batch(payloads)
    }
}

pub(crate) async fn try_read(
    store: &dyn EventStore,
    stream: &StreamId,
) -> Result<Vec<Page>, StoreError> {
    let read = store.read(&StreamQuery::new(stream.clone())).await?;
    read.pages.try_collect().await
}

pub(crate) async fn payloads(store: &dyn EventStore, stream: &StreamId) -> Vec<String> {
    let pages = try_read(store, stream).await.unwrap();
    pages
        .iter()
        .flatten()
        .map(|event| event.payload.to_owned())
        .collect()
}

/// The payloads of the whole log.
pub(crate) async fn log(store: &dyn EventStore) -> Vec<String> {
    let page = store
        .read_log(&LogQuery::after(Position::ZERO))
        .await
        .unwrap();
    page.events
        .iter()
        .map(|event| event.payload.to_owned())
        .collect()
}

/// Lets a future come as far as it can without waiting; true if that is its end.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(polled.is_ready())
    })
    .await
}

/// The connection to the database that waits for a lock, once there is one: nothing else takes so
/// long here. (What InnoDB tells of its transactions is too old while it is asked again and again.)
pub(crate) async fn waiter(stranger: &mut MySqlConnection) -> i64 {
    let waiting = "SELECT CAST(id AS SIGNED) FROM information_schema.processlist
        WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command IN ('Query', 'Execute')
        AND time_ms > 50";
    loop {
        let found: Option<i64> = sqlx::query_scalar(waiting)
            .fetch_optional(&mut *stranger)
            .await
            .unwrap();
        if let Some(id) = found {
            return id;
        }
        tokio::task::yield_now().await;
    }
}

/// Takes the counter and keeps it.
pub(crate) const LOCK: &str =
    "START TRANSACTION; SELECT position FROM rehydrate_counter WHERE id = 1 FOR UPDATE";
