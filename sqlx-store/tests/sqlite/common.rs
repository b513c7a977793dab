use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use futures_util::TryStreamExt as _;
use rehydrate::{
    Batch, EventStore, NewEvent, Page, RecordedTime, SchemaVersion, StoreError, StreamId,
    StreamQuery,
};
use rehydrate_sqlx::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;

/// A folder with a place for one store.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }

    pub(crate) async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.file()).await.unwrap()
    }

    /// A store that gives up soon.
    pub(crate) async fn open_impatient(&self) -> SqliteStore {
        let options = SqliteOptions::new(self.file()).busy_timeout(Duration::from_millis(20));
        SqliteStore::connect(options).await.unwrap()
    }

    /// A connection that is not the store's, as another process would have it.
    pub(crate) async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.file())
            .create_if_missing(true)
            .connect()
            .await
            .unwrap()
    }
}

pub(crate) async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

pub(crate) async fn count(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
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

pub(crate) async fn read(store: &dyn EventStore, stream: &StreamId) -> Vec<Page> {
    try_read(store, stream).await.unwrap()
}

pub(crate) async fn try_read(
    store: &dyn EventStore,
    stream: &StreamId,
) -> Result<Vec<Page>, StoreError> {
    let read = store.read(&StreamQuery::new(stream.clone())).await?;
    read.pages.try_collect().await
}

pub(crate) async fn payloads(store: &dyn EventStore, stream: &StreamId) -> Vec<String> {
    let pages = read(store, stream).await;
    pages
        .iter()
        .flatten()
        .map(|event| event.payload.to_owned())
        .collect()
}
