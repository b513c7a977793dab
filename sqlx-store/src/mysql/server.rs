//! The connections to the server, each set up before its first use.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rehydrate_port::StoreError;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{MySql, MySqlConnection};

use super::error::{explain, too_large};
use super::options::MySqlOptions;
use super::statements;
use crate::dialect::pool::{Limits, Pool, Pooled};

/// Room for what surrounds an append in its packet.
const OVERHEAD: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct Server {
    pool: Pool<MySql>,
    limits: Limits,
    lock_seconds: i64,
    packet_limit: AtomicUsize,
    collation: OnceLock<String>,
    name: Arc<str>,
}

impl Server {
    pub(super) fn new(options: &MySqlOptions) -> Self {
        let name: Arc<str> = options.name().into();
        let limits = options.limits();
        Self {
            pool: Pool::new(options.connection(), limits.clone(), Arc::clone(&name)),
            limits,
            lock_seconds: options.lock_seconds(),
            packet_limit: AtomicUsize::new(usize::MAX),
            collation: OnceLock::new(),
            name,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn acquire(&self) -> Result<Pooled<MySql>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        if !connection.is_reused() {
            // Too far away for a clock is as good as never.
            let patience = self
                .limits
                .acquire_timeout
                .min(Duration::from_secs(1 << 30));
            tokio::time::timeout(patience, set_up(&mut connection, self.lock_seconds))
                .await
                .map_err(|_| StoreError::Unavailable {
                    reason: format!("{} has not answered for {patience:?}", self.name),
                    source: None,
                })?
                .map_err(|error| explain(&self.name, "set up a connection", error))?;
        }
        Ok(connection)
    }

    /// A connection that was not there before, because where one was cut the others are, too.
    pub(super) async fn acquire_new(&self) -> Result<Pooled<MySql>, StoreError> {
        self.pool.forget_idle();
        self.acquire().await
    }

    /// Asks the server what it is like, and how many checkpoints wait for the end of a swap.
    pub(super) async fn learn_facts(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<i64, StoreError> {
        let facts: (i64, Option<String>, i64) = sqlx::query_as(statements::SERVER_FACTS)
            .fetch_one(connection)
            .await
            .map_err(|error| explain(&self.name, "ask what the server is like", error))?;
        let (limit, collation, unfinished) = facts;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.packet_limit.store(limit, Ordering::Relaxed);
        if let Some(collation) = collation {
            self.collation.get_or_init(|| collation);
        }
        Ok(unfinished)
    }

    /// The collation of texts in read models.
    pub(super) fn collation(&self) -> &str {
        self.collation
            .get()
            .map_or("utf8mb4_0900_bin", String::as_str)
    }

    /// The most bytes that a bind should have.
    pub(super) fn largest_bind(&self) -> usize {
        self.packet_limit
            .load(Ordering::Relaxed)
            .saturating_sub(OVERHEAD)
    }

    /// Refuses what the server would answer by hanging up.
    pub(super) fn check_size(&self, action: &'static str, bytes: usize) -> Result<(), StoreError> {
        if bytes > self.largest_bind() {
            Err(too_large(action, None))
        } else {
            Ok(())
        }
    }
}

async fn set_up(connection: &mut MySqlConnection, lock_seconds: i64) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statements::SET_ISOLATION)
        .execute(&mut *connection)
        .await?;
    sqlx::query(statements::SET_SESSION)
        .bind(lock_seconds)
        .persistent(false)
        .execute(connection)
        .await?;
    Ok(())
}

/// A connection that is not one of a pool's.
pub(super) async fn connect(
    options: &MySqlConnectOptions,
    name: &str,
) -> Result<MySqlConnection, StoreError> {
    sqlx::ConnectOptions::connect(options)
        .await
        .map_err(|error| explain(name, "connect", error))
}

/// Whether a call that failed like this may have lost its connection.
pub(super) fn is_lost<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(
        answer,
        Err(StoreError::Unavailable { .. } | StoreError::OutcomeUnknown { .. })
    )
}
