//! The tables: creating them, and telling whether they are the right ones.

use rehydrate_port::StoreError;
use sqlx::{Connection as _, MySqlConnection};

use super::error::{explain, explain_write};
use super::options::MySqlOptions;
use super::server;
use super::statements;
use crate::dialect::migrations::{Migration, Migrations};

/// How long one migration waits for another one to end, in seconds.
const PATIENCE: i64 = 60;

pub(super) const ADVICE: &str = "run MySqlStore::migrate or rehydrate_sqlx::migrate with an account \
    that may create tables and triggers, or the SQL that MySqlStore::verify prints";

/// Each can be run again where it was cut short, because DDL commits by itself.
pub(super) const MIGRATIONS: Migrations = Migrations(&[
    Migration {
        version: 1,
        name: "events",
        script: include_str!("../../migrations/mysql/0001_events.sql"),
    },
    Migration {
        version: 2,
        name: "consumers",
        script: include_str!("../../migrations/mysql/0002_consumers.sql"),
    },
    Migration {
        version: 3,
        name: "feeds",
        script: include_str!("../../migrations/mysql/0003_feeds.sql"),
    },
    Migration {
        version: 4,
        name: "relays",
        script: include_str!("../../migrations/mysql/0004_relays.sql"),
    },
]);

/// Brings the tables up to date. Changes nothing, and waits for nobody, if they are.
pub(super) async fn migrate(options: &MySqlOptions) -> Result<(), StoreError> {
    options.check()?;
    let store = options.name();
    let mut connection = server::connect(&options.connection(), &store).await?;
    if schema_version(&mut connection, &store).await? < MIGRATIONS.known() {
        lock(&mut connection, &store).await?;
        apply(&mut connection, &store).await?;
    }
    // The lock goes with the connection, however that ends.
    let _ = connection.close().await;
    Ok(())
}

/// The SQL of the migrations that a database has not had; empty if it is up to date.
pub(super) async fn missing_sql(options: &MySqlOptions) -> Result<String, StoreError> {
    options.check()?;
    let store = options.name();
    let mut connection = server::connect(&options.connection(), &store).await?;
    let found = schema_version(&mut connection, &store).await?;
    let _ = connection.close().await;
    let mut sql = String::new();
    for migration in MIGRATIONS.after(found) {
        let Migration {
            version,
            name,
            script,
        } = migration;
        if sql.is_empty() {
            sql.push_str(statements::CREATE_MIGRATIONS.trim_end());
            sql.push_str(";\n");
        }
        sql.push_str(&format!(
            "\n{script}\nINSERT INTO rehydrate_migrations (version, name, applied_at)\n\
             VALUES ({version}, '{name}', CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED));\n"
        ));
    }
    Ok(sql)
}

/// Refuses tables that are not those of this program.
pub(super) async fn check(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let found = schema_version(connection, store).await?;
    MIGRATIONS.check(store, found, ADVICE)
}

async fn lock(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let locked: Option<i64> = sqlx::query_scalar(statements::LOCK_MIGRATIONS)
        .bind(PATIENCE)
        .fetch_one(connection)
        .await
        .map_err(|error| explain(store, "wait for other migrations", error))?;
    if locked == Some(1) {
        Ok(())
    } else {
        Err(StoreError::Unavailable {
            reason: format!("somebody else has been migrating {store} for {PATIENCE} seconds"),
            source: None,
        })
    }
}

async fn apply(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let failed = |error| explain_write(store, "apply a migration", error);
    sqlx::raw_sql(statements::CREATE_MIGRATIONS)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    // Asked again, because somebody else may have migrated before the lock was ours.
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
pub(super) async fn schema_version(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<u32, StoreError> {
    let failed = |error| explain(store, "look for its tables", error);
    let tables: i64 = sqlx::query_scalar(statements::HAS_MIGRATIONS)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if tables == 0 {
        return Ok(0);
    }
    let found: i64 = sqlx::query_scalar(statements::SCHEMA_VERSION)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    MIGRATIONS.not_newer(store, found)
}
