//! How a statement gets its connection.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};

use peers_harness::Outcome;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Database, Pool, Postgres, Sqlite};
use tokio::sync::{Mutex, MutexGuard};

/// A pool, or connections that the program keeps itself and uses in turns.
pub(crate) enum Connections<DB: Database> {
    Pool(Pool<DB>),
    Own(Vec<Mutex<DB::Connection>>, AtomicUsize),
}

/// One of them, until it is dropped.
pub(crate) enum Taken<'a, DB: Database> {
    OfPool(PoolConnection<DB>),
    Own(MutexGuard<'a, DB::Connection>),
}

/// The options of a connection.
pub(crate) trait Options: Database {
    fn options(url: &str) -> Outcome<<Self::Connection as Connection>::Options>;
}

impl Options for Postgres {
    fn options(url: &str) -> Outcome<PgConnectOptions> {
        Ok(url.parse()?)
    }
}

impl Options for Sqlite {
    fn options(path: &str) -> Outcome<SqliteConnectOptions> {
        Ok(SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal))
    }
}

impl<DB: Options> Connections<DB> {
    pub(crate) async fn open(url: &str, variant: &str, connections: usize) -> Outcome<Self> {
        let options = DB::options(url)?;
        if matches!(variant, "own" | "json" | "columns") {
            let mut own = Vec::new();
            for _ in 0..connections {
                own.push(Mutex::new(options.connect().await?));
            }
            return Ok(Self::Own(own, AtomicUsize::new(0)));
        }
        let count = u32::try_from(connections)?;
        let pool = PoolOptions::new()
            .min_connections(count)
            .max_connections(count)
            .test_before_acquire(variant != "noping")
            .connect_with(options)
            .await?;
        Ok(Self::Pool(pool))
    }

    pub(crate) async fn take(&self) -> sqlx::Result<Taken<'_, DB>> {
        match self {
            Self::Pool(pool) => Ok(Taken::OfPool(pool.acquire().await?)),
            Self::Own(own, next) => {
                let next = next.fetch_add(1, Ordering::Relaxed) % own.len();
                Ok(Taken::Own(own[next].lock().await))
            }
        }
    }
}

impl<DB: Database> Deref for Taken<'_, DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        match self {
            Self::OfPool(connection) => connection,
            Self::Own(connection) => connection,
        }
    }
}

impl<DB: Database> DerefMut for Taken<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::OfPool(connection) => connection,
            Self::Own(connection) => connection,
        }
    }
}
