//! Every store, new and empty.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Once};

use rehydrate::{EventStore, MemoryStore};
use rehydrate_sqlx::SqliteStore;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};
use tempfile::TempDir;

use crate::engine::is_ci;

/// Runs a test on every store, one after the other, and says which one it failed on.
///
/// # Panics
/// The test fails on one of them.
pub async fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Arc<dyn EventStore>) -> F) {
    eprintln!("on the memory store");
    test(Arc::new(MemoryStore::new())).await;
    eprintln!("on SQLite in memory");
    test(Arc::new(sqlite_in_memory().await)).await;
    eprintln!("on SQLite in a file");
    let (_folder, store) = sqlite_file().await;
    test(Arc::new(store)).await;
    if let Some((_place, store)) = postgres().await {
        eprintln!("on PostgreSQL");
        test(store).await;
    }
    if let Some((_place, store)) = mysql().await {
        eprintln!("on MariaDB");
        test(store).await;
    }
}

/// SQLite in memory.
///
/// # Panics
/// It cannot be opened.
pub async fn sqlite_in_memory() -> SqliteStore {
    let store = SqliteStore::in_memory().await;
    store.expect("a database in memory opens")
}

/// SQLite in a file of a temporary folder, which lives as long as its guard.
///
/// # Panics
/// It cannot be opened.
pub async fn sqlite_file() -> (TempDir, SqliteStore) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let store = SqliteStore::open(folder.path().join("events.db")).await;
    (folder, store.expect("a new database opens"))
}

/// PostgreSQL, in a schema of its own, which lives as long as its guard.
///
/// # Panics
/// The server answers, and yet a store cannot be opened; or it does not answer in CI.
pub async fn postgres() -> Option<(Place, Arc<dyn EventStore>)> {
    let place = Place::on_postgres().await?;
    let store = place.open().await;
    Some((place, store))
}

/// MariaDB or MySQL, in a database of its own, which lives as long as its guard.
///
/// # Panics
/// The server answers, and yet a store cannot be opened; or it does not answer in CI.
pub async fn mysql() -> Option<(Place, Arc<dyn EventStore>)> {
    let place = Place::on_mysql().await?;
    let store = place.open().await;
    Some((place, store))
}

/// A schema or a database of a test's own, gone with it.
#[derive(Debug)]
pub struct Place {
    url: String,
    name: String,
    server: Server,
}

#[derive(Clone, Copy, Debug)]
enum Server {
    Postgres,
    MySql,
}

static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let given = std::env::var("REHYDRATE_POSTGRES_URL");
    given.unwrap_or_else(|_| "postgres://root@127.0.0.1:5432/test".to_owned())
});

static MYSQL: LazyLock<String> = LazyLock::new(|| {
    let given = std::env::var("REHYDRATE_MYSQL_URL");
    given.unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/test".to_owned())
});

impl Place {
    /// A schema that has no tables yet, if the server answers.
    ///
    /// # Panics
    /// It does not answer in CI.
    pub async fn on_postgres() -> Option<Self> {
        static SAID: Once = Once::new();
        match PgConnection::connect(&POSTGRES).await {
            Ok(_) => {
                let name = name();
                Some(Self {
                    url: format!("{}?schema={name}", *POSTGRES),
                    name,
                    server: Server::Postgres,
                })
            }
            Err(error) => missing(&SAID, "PostgreSQL", "REHYDRATE_POSTGRES_URL", &error),
        }
    }

    /// An empty database, if the server answers.
    ///
    /// # Panics
    /// It does not answer in CI.
    pub async fn on_mysql() -> Option<Self> {
        static SAID: Once = Once::new();
        let mut connection = match MySqlConnection::connect(&MYSQL).await {
            Ok(connection) => connection,
            Err(error) => return missing(&SAID, "MariaDB", "REHYDRATE_MYSQL_URL", &error),
        };
        let name = name();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        let created = sqlx::raw_sql(create).execute(&mut connection).await;
        created.expect("a database can be made");
        let (server, _) = MYSQL.rsplit_once('/').expect("the URL names a database");
        Some(Self {
            url: format!("{server}/{name}"),
            name,
            server: Server::MySql,
        })
    }

    /// The address of a store there.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of the server, for SQL of the test's own.
    #[must_use]
    pub fn server_url(&self) -> &str {
        match self.server {
            Server::Postgres => &POSTGRES,
            Server::MySql => &MYSQL,
        }
    }

    /// The name of the schema or the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the tables and opens a store.
    ///
    /// # Panics
    /// It cannot be opened.
    pub async fn open(&self) -> Arc<dyn EventStore> {
        let migrated = rehydrate_sqlx::migrate(&self.url).await;
        migrated.expect("the tables can be made");
        let store = rehydrate_sqlx::connect(&self.url).await;
        store.expect("the store opens")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (server, name) = (self.server, self.name.clone());
        // Nobody may wait here, but a thread of its own may.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                match server {
                    Server::Postgres => {
                        // A rollback that the test has left to its runtime may not have happened.
                        let sql = format!(
                            "SELECT pg_terminate_backend(l.pid, 10000) FROM pg_locks AS l
                            JOIN pg_class AS c ON c.oid = l.relation
                            WHERE c.relnamespace = to_regnamespace('{name}')
                                AND l.pid <> pg_backend_pid();
                            DROP SCHEMA IF EXISTS {name} CASCADE"
                        );
                        if let Ok(mut connection) = PgConnection::connect(&POSTGRES).await {
                            let sql = sqlx::raw_sql(AssertSqlSafe(sql));
                            let _ = sql.execute(&mut connection).await;
                        }
                    }
                    Server::MySql => {
                        let sql = format!("DROP DATABASE IF EXISTS {name}");
                        if let Ok(mut connection) = MySqlConnection::connect(&MYSQL).await {
                            let sql = sqlx::raw_sql(AssertSqlSafe(sql));
                            let _ = sql.execute(&mut connection).await;
                        }
                    }
                }
            });
        });
        let _ = dropping.join();
    }
}

fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("rehydrate_tests_{}_{number}", std::process::id())
}

fn missing(said: &Once, server: &str, variable: &str, error: &sqlx::Error) -> Option<Place> {
    assert!(!is_ci(), "{server} does not answer: {error}");
    said.call_once(|| eprintln!("not run on {server}, set {variable}: {error}"));
    None
}
