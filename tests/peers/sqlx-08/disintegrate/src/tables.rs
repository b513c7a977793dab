//! Its tables.

use std::env;
use std::fs;
use std::path::PathBuf;

use disintegrate::serde::json::Json;
use disintegrate_postgres::{Migrator, PgEventStore, PgSnapshotter};
use peers_harness::Outcome;
use sqlx::PgPool;

use crate::account::AccountEvent;

/// Where its migration ends on PostgreSQL 15, with a number that PostgreSQL 16 understands.
const FUNCTION: &str =
    "disintegrate-postgres-4.0.1/src/event_store/sql/fn_event_store_begin_epoch.sql";

/// What comes after it in the migration.
const COLUMN: &str = "ALTER TABLE event ADD COLUMN IF NOT EXISTS account_id TEXT;
    CREATE INDEX IF NOT EXISTS idx_event_account_id ON event (account_id)
    WHERE account_id IS NOT NULL";

pub(crate) async fn create(pool: PgPool) -> Outcome {
    let format = Json::<AccountEvent>::default();
    let store = PgEventStore::new_uninitialized(pool.clone(), format);
    if Migrator::new(store).init_event_store().await.is_err() {
        let function = fs::read_to_string(source_of_function()?)?;
        let function = function.replace("0xFFFFFFFF", "4294967295");
        sqlx::raw_sql(&function).execute(&pool).await?;
        sqlx::raw_sql(COLUMN).execute(&pool).await?;
    }
    PgSnapshotter::try_new(pool, 50).await?;
    Ok(())
}

/// In the source of the crate that this was built with.
fn source_of_function() -> Outcome<PathBuf> {
    let cargo = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(env::var_os("HOME").ok_or("HOME is not set")?).join(".cargo"),
    };
    for registry in fs::read_dir(cargo.join("registry/src"))? {
        let file = registry?.path().join(FUNCTION);
        if file.exists() {
            return Ok(file);
        }
    }
    Err(format!("{FUNCTION} is not in the registry of {}", cargo.display()).into())
}
