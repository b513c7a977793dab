//! The connections that read.
//!
//! Not the driver's pool, which pings each connection in a task of its own after each use: a round
//! trip to SQLite's thread for nothing, as the file cannot hang up.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rehydrate_port::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::direct::{Opening, outcome_of};
use super::error::explain;
use super::options::SqliteOptions;

#[derive(Debug)]
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    options: SqliteConnectOptions,
    direct: Arc<Mutex<Vec<rusqlite::Connection>>>,
    opening: Opening,
    count: usize,
    patience: Duration,
    store: Arc<str>,
}

impl Readers {
    pub(super) fn new(options: &SqliteOptions, file: &Path, store: Arc<str>) -> Self {
        let count = options.max_readers().min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(count)),
            idle: Arc::default(),
            options: options.reader(file),
            direct: Arc::default(),
            opening: options.direct_reader(file),
            count,
            patience: options.patience(),
            store,
        }
    }

    /// Reads on the spot, what takes little more time than to wake a thread; nothing if that would
    /// have to wait for another connection, or fails.
    pub(super) fn read_here<T>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &str) -> Result<T, StoreError>,
    ) -> Option<T> {
        let _permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let connection = lock(&self.direct).pop()?;
        let outcome = connection
            .busy_timeout(Duration::ZERO)
            .map(|()| read(&connection, &self.store));
        // One that cannot be set back does not come back.
        if connection.busy_timeout(self.patience).is_ok() {
            lock(&self.direct).push(connection);
        }
        outcome.ok()?.ok()
    }

    /// Reads whole pages, or what is as quick, on a thread that may wait.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permit().await?;
        outcome_of(self.read_with(permit, read)).await
    }

    /// Begins to read on a thread that may wait, or hands `read` back if all readers are taken.
    pub(super) fn start<T, F>(&self, read: F) -> Result<JoinHandle<Result<T, StoreError>>, F>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection, &str) -> Result<T, StoreError> + Send + 'static,
    {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Ok(self.read_with(permit, read)),
            Err(_) => Err(read),
        }
    }

    fn read_with<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        read: impl FnOnce(&rusqlite::Connection, &str) -> Result<T, StoreError> + Send + 'static,
    ) -> JoinHandle<Result<T, StoreError>> {
        let (idle, store) = (Arc::clone(&self.direct), Arc::clone(&self.store));
        let opening = self.opening.clone();
        tokio::task::spawn_blocking(move || {
            // Given up after the connection, so that there are no more of these than permits.
            let _permit = permit;
            let known = lock(&idle).pop();
            let connection = match known {
                Some(connection) => connection,
                None => opening
                    .open()
                    .map_err(|error| explain(&store, "open a connection", error))?,
            };
            let outcome = read(&connection, &store);
            lock(&idle).push(connection);
            outcome
        })
    }

    /// A connection of the driver's, for everything else.
    pub(super) async fn acquire(&self) -> Result<Reader, StoreError> {
        let permit = self.permit().await?;
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self
                .options
                .connect()
                .await
                .map_err(|error| explain(&self.store, "open a connection", error))?,
        };
        Ok(Reader {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let permit = Arc::clone(&self.permits).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(self.patience, permit).await else {
            return Err(StoreError::Unavailable {
                reason: format!("all {} readers of {} are taken", self.count, self.store),
                source: None,
            });
        };
        Ok(permit)
    }
}

/// A connection on loan. It goes back when this is dropped; SQLite ends a statement that is still
/// under way before it begins the next one.
#[derive(Debug)]
pub(super) struct Reader {
    /// None only while being dropped.
    connection: Option<SqliteConnection>,
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    _permit: OwnedSemaphorePermit,
}

#[expect(clippy::expect_used, reason = "only drop takes the connection")]
impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("BUG: a reader in use")
    }
}

#[expect(clippy::expect_used, reason = "only drop takes the connection")]
impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("BUG: a reader in use")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            lock(&self.idle).push(connection);
        }
    }
}

fn lock<C>(idle: &Mutex<Vec<C>>) -> MutexGuard<'_, Vec<C>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
