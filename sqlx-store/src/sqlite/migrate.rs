//! The tables: creating them, and telling whether they are the right ones.

use rehydrate_port::StoreError;
use sqlx::SqliteConnection;

use super::connection::WriterConnection;
use super::error::explain;
use super::statements;
use crate::dialect::migrations::{Migration, Migrations};

/// In order; a released one never changes.
const MIGRATIONS: Migrations = Migrations(&[
    Migration {
        version: 1,
        name: "events",
        script: include_str!("../../migrations/sqlite/0001_events.sql"),
    },
    Migration {
        version: 2,
        name: "consumers",
        script: include_str!("../../migrations/sqlite/0002_consumers.sql"),
    },
    Migration {
        version: 3,
        name: "feeds",
        script: include_str!("../../migrations/sqlite/0003_feeds.sql"),
    },
    Migration {
        version: 4,
        name: "relays",
        script: include_str!("../../migrations/sqlite/0004_relays.sql"),
    },
]);

/// Brings the tables up to date. Changes nothing, and locks nothing, if they are.
pub(super) async fn migrate(
    connection: &mut WriterConnection,
    store: &str,
) -> Result<(), StoreError> {
    if schema_version(connection.sql(), store).await? == MIGRATIONS.known() {
        return Ok(());
    }
    connection
        .begin()
        .await
        .map_err(|error| explain(store, "begin the migrations", error))?;
    match apply(connection.sql(), store).await {
        Ok(()) => connection
            .commit()
            .await
            .map_err(|error| explain(store, "commit the migrations", error)),
        Err(error) => {
            connection.roll_back().await;
            Err(error)
        }
    }
}

/// Refuses tables that are not those of this program.
pub(super) async fn verify(
    connection: &mut SqliteConnection,
    store: &str,
) -> Result<(), StoreError> {
    MIGRATIONS.check(
        store,
        schema_version(connection, store).await?,
        "open it once for writing, which brings its tables up to date",
    )
}

async fn apply(connection: &mut SqliteConnection, store: &str) -> Result<(), StoreError> {
    let failed = |error: sqlx::Error| explain(store, "apply a migration", error);
    sqlx::query(statements::CREATE_MIGRATIONS)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    // Asked again, because another process may have migrated before the lock was ours.
    let found = schema_version(connection, store).await?;
    for migration in MIGRATIONS.after(found) {
        tracing::info!(store, version = migration.version, "applying a migration");
        sqlx::raw_sql(migration.script)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        sqlx::query(statements::RECORD_MIGRATION)
            .bind(i64::from(migration.version))
            .bind(migration.name)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

/// The newest applied migration, at most the newest known one.
async fn schema_version(connection: &mut SqliteConnection, store: &str) -> Result<u32, StoreError> {
    let failed = |error: sqlx::Error| explain(store, "look for its tables", error);
    let tables: i64 = sqlx::query_scalar(statements::HAS_MIGRATIONS)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if tables == 0 {
        return Ok(0);
    }
    let found: i64 = sqlx::query_scalar(statements::SCHEMA_VERSION)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    MIGRATIONS.not_newer(store, found)
}
