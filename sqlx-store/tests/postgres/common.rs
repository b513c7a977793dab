use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;
use futures_util::TryStreamExt as _;
use rehydrate::{
    Batch, Command, EventStore, Fingerprint, LogQuery, MemoryStore, NewEvent, Page, Position,
    RecordedTime, SchemaVersion, StoreError, StreamId, StreamQuery,
};
use rehydrate_sqlx::{PostgresOptions, PostgresStore};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The server under test.
pub(crate) static URL: LazyLock<String> = LazyLock::new(|| {
    std::env::var("REHYDRATE_POSTGRES_URL")
        .unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/test".to_owned())
});

/// A schema of a test's own, gone with it.
pub(crate) struct Place {
    pub(crate) schema: String,
    pub(crate) url: String,
}

impl Place {
    /// A schema without tables; None, and a line that says so, where there is no server.
    pub(crate) fn empty() -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        is_there().then(|| Self {
            schema: format!("rehydrate_test_{}_{number}", std::process::id()),
            url: URL.clone(),
        })
    }

    /// A schema with the store's tables.
    pub(crate) async fn new() -> Option<Self> {
        let place = Self::empty()?;
        PostgresStore::migrate(&place.options()).await.unwrap();
        Some(place)
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::from_url(&self.url)
            .unwrap()
            .schema(&self.schema)
    }

    pub(crate) async fn open(&self) -> PostgresStore {
        PostgresStore::connect(self.options()).await.unwrap()
    }

    /// A connection that is not the store's, as another process would have it.
    pub(crate) async fn stranger(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        execute(
            &mut connection,
            &format!("SET search_path = {}", self.schema),
        )
        .await;
        connection
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let schema = self.schema.clone();
        // A rollback that the test has left to its runtime may not have happened yet.
        let terminate = format!(
            "SELECT pg_terminate_backend(l.pid, 10000)
            FROM pg_locks AS l
            JOIN pg_class AS c ON c.oid = l.relation
            WHERE c.relnamespace = to_regnamespace('{schema}') AND l.pid <> pg_backend_pid()
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        );
        elsewhere(async move {
            if let Ok(mut connection) = PgConnection::connect(&URL).await {
                let _ = try_execute(&mut connection, &terminate).await;
                let drop = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
                let _ = try_execute(&mut connection, &drop).await;
            }
        });
    }
}

/// Waits for a future where nobody may wait, on a thread and a runtime of its own.
fn elsewhere<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(future)
    });
    thread.join().unwrap()
}

/// Whether the server answers. One that does not is a failure in CI, and a printed line elsewhere.
pub(crate) fn is_there() -> bool {
    static ANSWER: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let connecting = async { PgConnection::connect(&URL).await };
        elsewhere(connecting)
            .map(drop)
            .map_err(|error| error.to_string())
    });
    match &*ANSWER {
        Ok(()) => true,
        Err(error) if std::env::var_os("CI").is_some_and(|ci| ci == "true") => {
            panic!("PostgreSQL does not answer: {error}")
        }
        Err(error) => {
            eprintln!("not run on PostgreSQL, set REHYDRATE_POSTGRES_URL: {error}");
            false
        }
    }
}

/// An empty store, or one in memory where there is no server.
pub(crate) async fn contract_store() -> (Option<Place>, Box<dyn EventStore>) {
    match Place::new().await {
        Some(place) => {
            let store = place.open().await;
            (Some(place), Box::new(store))
        }
        None => (None, Box::new(MemoryStore::new())),
    }
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: &str) {
    try_execute(connection, sql).await.unwrap();
}

pub(crate) async fn try_execute(
    connection: &mut PgConnection,
    sql: &str,
) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

pub(crate) async fn count(connection: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(connection)
        .await
        .unwrap()
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

pub(crate) fn batch_with_key(payloads: &[&str], key: &str) -> Batch {
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

/// The payloads of the log, as far as it can be read.
pub(crate) async fn log(store: &dyn EventStore) -> Vec<String> {
    let page = store.read_log(&LogQuery::after(Position::ZERO)).await;
    let events = page.unwrap().events;
    events
        .iter()
        .map(|event| event.payload.to_owned())
        .collect()
}

/// Returns when somebody waits for what `holder` holds.
pub(crate) async fn until_blocked_by(holder: &mut PgConnection, observer: &mut PgConnection) {
    let pid = count(holder, "SELECT pg_backend_pid()::bigint").await;
    let waiting =
        format!("SELECT count(*) FROM pg_locks WHERE {pid} = ANY (pg_blocking_pids(pid))");
    let wait = async {
        while count(observer, &waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    // Fails, rather than hangs, if nobody does.
    tokio::time::timeout(std::time::Duration::from_secs(30), wait)
        .await
        .unwrap();
}
