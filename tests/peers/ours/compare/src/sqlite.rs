//! Files of SQLite.

use std::fs;
use std::path::{Path, PathBuf};

use peers_harness::Outcome;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Puts all of a database into its main file, with statistics for the planner.
pub(crate) async fn settle(file: &Path) -> Outcome {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
    for statement in [
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "ANALYZE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ] {
        sqlx::raw_sql(statement).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}

/// A fresh copy of a database.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    remove(to)?;
    fs::copy(from, to)?;
    fs::File::open(to)?.sync_all()?;
    Ok(())
}

/// Removes a database, with what SQLite keeps beside it.
pub(crate) fn remove(file: &Path) -> Outcome {
    for ending in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        let file = PathBuf::from(name);
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}
