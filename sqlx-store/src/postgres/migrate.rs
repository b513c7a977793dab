//! The tables: creating them, and telling whether they are the right ones.

use rehydrate_port::StoreError;
use sqlx::{Connection as _, PgConnection, Row as _};

use super::error::explain;
use super::options::quoted;
use super::statements::Statements;
use crate::dialect::migrations::{Migration, Migrations};

/// In order; a released one never changes.
const MIGRATIONS: Migrations = Migrations(&[
    Migration {
        version: 1,
        name: "events",
        script: include_str!("../../migrations/postgres/0001_events.sql"),
    },
    Migration {
        version: 2,
        name: "consumers",
        script: include_str!("../../migrations/postgres/0002_consumers.sql"),
    },
    Migration {
        version: 3,
        name: "feeds",
        script: include_str!("../../migrations/postgres/0003_feeds.sql"),
    },
    Migration {
        version: 4,
        name: "relays",
        script: include_str!("../../migrations/postgres/0004_relays.sql"),
    },
]);

const ADVICE: &str = "run PostgresStore::migrate or rehydrate_sqlx::migrate with a role that may \
    create tables, or the SQL that PostgresStore::verify prints";

/// The tables are not where they are looked for.
pub(super) fn missing(store: &str) -> StoreError {
    let mismatch = MIGRATIONS.check(store, 0, ADVICE);
    mismatch.err().unwrap_or_else(|| StoreError::Backend {
        action: "look for its tables",
        source: "there is no migration".into(),
    })
}

/// Brings the tables of a schema up to date, one program at a time. Changes nothing if they are.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    schema: &str,
    store: &str,
) -> Result<(), StoreError> {
    // Nothing is run a second time on this connection.
    let statements = Statements::new(schema, false);
    let failed = |error| explain(store, "apply the migrations", error);
    if schema_version(connection, &statements, schema, store).await? == MIGRATIONS.known() {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(failed)?;
    let lock = statements.lock_migrations().bind(schema.to_owned());
    lock.execute(&mut *transaction).await.map_err(failed)?;
    let exists = statements.has_schema().bind(schema.to_owned());
    let exists = exists.fetch_one(&mut *transaction).await.map_err(failed)?;
    if !exists.try_get::<bool, _>(0).map_err(failed)? {
        let create = format!("CREATE SCHEMA {}", quoted(schema));
        sqlx::raw_sql(sqlx::AssertSqlSafe(create))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    let path = format!("{}, pg_temp", quoted(schema));
    let look = statements.look_into_schema().bind(path);
    look.execute(&mut *transaction).await.map_err(failed)?;
    let create = statements.create_migrations();
    create.execute(&mut *transaction).await.map_err(failed)?;
    // Asked again, because another program may have migrated before the lock was ours.
    let found = schema_version(&mut transaction, &statements, schema, store).await?;
    for migration in MIGRATIONS.after(found) {
        tracing::info!(store, version = migration.version, "applying a migration");
        sqlx::raw_sql(migration.script)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        statements
            .record_migration()
            .bind(i64::from(migration.version))
            .bind(migration.name)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Refuses tables that are not those of this program.
pub(super) async fn check(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &str,
    store: &str,
) -> Result<(), StoreError> {
    let found = schema_version(connection, statements, schema, store).await?;
    MIGRATIONS.check(store, found, ADVICE)
}

/// The SQL of the migrations that a schema has not had; empty if it is up to date.
pub(super) async fn missing_sql(
    connection: &mut PgConnection,
    schema: &str,
    store: &str,
) -> Result<String, StoreError> {
    let statements = Statements::new(schema, false);
    let found = schema_version(connection, &statements, schema, store).await?;
    if found == MIGRATIONS.known() {
        return Ok(String::new());
    }
    let name = quoted(schema);
    let mut sql = format!(
        "BEGIN;\nCREATE SCHEMA IF NOT EXISTS {name};\nSET LOCAL search_path = {name}, pg_temp;\n\n{};\n",
        include_str!("../../sql/postgres/create_migrations.sql").trim_end()
    );
    for migration in MIGRATIONS.after(found) {
        let Migration {
            version,
            name,
            script,
        } = migration;
        sql.push_str(&format!(
            "\n{script}\nINSERT INTO rehydrate_migrations (version, name, applied_at)\nVALUES ({version}, '{name}', clock_timestamp());\n"
        ));
    }
    sql.push_str("COMMIT;\n");
    Ok(sql)
}

/// The newest applied migration, at most the newest known one.
pub(super) async fn schema_version(
    connection: &mut PgConnection,
    statements: &Statements,
    schema: &str,
    store: &str,
) -> Result<u32, StoreError> {
    let failed = |error| explain(store, "look for its tables", error);
    let tables = statements
        .has_migrations()
        .bind(schema.to_owned())
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if tables.try_get::<i64, _>(0).map_err(failed)? == 0 {
        return Ok(0);
    }
    let found = statements
        .schema_version()
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    MIGRATIONS.not_newer(store, found.try_get(0).map_err(failed)?)
}
