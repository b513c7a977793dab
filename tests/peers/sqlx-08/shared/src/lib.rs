//! Pools and tasks, the same for every contestant on sqlx 0.8.

use peers_harness::{Outcome, Task};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// A pool of so many connections, all of them open.
///
/// # Errors
/// The server does not answer.
pub async fn postgres(url: &str, connections: usize) -> Outcome<PgPool> {
    let connections = u32::try_from(connections)?;
    let options = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections);
    Ok(options.connect(url).await?)
}

/// The same for a file of SQLite, with the settings that every contestant has there.
///
/// # Errors
/// The file cannot be opened.
pub async fn sqlite(path: &str, connections: usize) -> Outcome<SqlitePool> {
    let connections = u32::try_from(connections)?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let options = SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections);
    Ok(options.connect_with(connect).await?)
}

/// Starts a task on tokio.
#[must_use]
pub fn spawn(task: Task) -> Task {
    let task = tokio::spawn(task);
    Box::pin(async move { task.await? })
}
