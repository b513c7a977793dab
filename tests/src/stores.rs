//! Every store, new and empty.

use std::future::Future;
use std::sync::Arc;

use rehydrate::{EventStore, MemoryStore};
use rehydrate_sqlx::SqliteStore;
use tempfile::TempDir;

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
