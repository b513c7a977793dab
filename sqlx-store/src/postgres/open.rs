//! Opening a store: finding its schema, and whether its tables are there.

use std::sync::Arc;

use rehydrate_port::{Identity, StoreError};
use sqlx::{ConnectOptions as _, PgConnection, Postgres, Row as _};
use tokio::time::timeout;

use super::Inner;
use super::backlog::Backlog;
use super::error::explain;
use super::gathering::Gathering;
use super::migrate;
use super::news::News;
use super::options::PostgresOptions;
use super::statements::Statements;
use crate::dialect::pace::Pace;
use crate::dialect::pool::Pool;
use crate::dialect::usage::Usage;

pub(super) async fn open(options: &PostgresOptions) -> Result<Inner, StoreError> {
    let asked = options.checked_schema()?;
    let name: Arc<str> = options.name().into();
    let is_pooled = options.is_pooled_by_transaction();
    let pool = Pool::<Postgres>::new(options.connection(), options.limits(), Arc::clone(&name));
    let mut connection = pool.acquire().await?;
    let schema = schema(&mut connection, asked, &name).await?;
    let statements = Statements::new(&schema, !is_pooled);
    migrate::check(&mut connection, &statements, &schema, &name).await?;
    let table = statements.table_oid().bind(schema.clone());
    let table = table
        .fetch_optional(&mut *connection)
        .await
        .map_err(|error| explain(&name, "look for its tables", error))?
        .ok_or_else(|| migrate::missing(&name))?
        .try_get(0)
        .map_err(|error| explain(&name, "look for its tables", error))?;
    connection.give_back();
    let news = News::new(
        pool.clone(),
        statements.clone(),
        table,
        options.wakes_others(),
    );
    Ok(Inner {
        identity: Identity::unique(),
        name,
        schema,
        table,
        pool,
        statements,
        is_pooled_by_transaction: is_pooled,
        news,
        usage: Usage::default(),
        gathering: Gathering::new(options.limits().max_connections),
        backlog: Backlog::default(),
        pace: Pace::default(),
    })
}

pub(super) async fn migrate(options: &PostgresOptions) -> Result<(), StoreError> {
    let (mut connection, schema, name) = connect(options).await?;
    migrate::migrate(&mut connection, &schema, &name).await
}

pub(super) async fn verify(options: &PostgresOptions) -> Result<String, StoreError> {
    let (mut connection, schema, name) = connect(options).await?;
    migrate::missing_sql(&mut connection, &schema, &name).await
}

/// A connection of its own, for what is done once.
async fn connect(options: &PostgresOptions) -> Result<(PgConnection, String, String), StoreError> {
    let asked = options.checked_schema()?;
    let name = options.name();
    let patience = options.limits().acquire_timeout;
    let connecting = timeout(patience, options.connection().connect()).await;
    let mut connection = connecting
        .map_err(|_| StoreError::Unavailable {
            reason: format!("{name} does not answer"),
            source: None,
        })?
        .map_err(|error| explain(&name, "connect", error))?;
    let schema = schema(&mut connection, asked, &name).await?;
    Ok((connection, schema, name))
}

/// The schema that was asked for, or the connection's own.
async fn schema(
    connection: &mut PgConnection,
    asked: Option<&str>,
    store: &str,
) -> Result<String, StoreError> {
    if let Some(schema) = asked {
        return Ok(schema.to_owned());
    }
    let failed = |error| explain(store, "look for its schema", error);
    let found = Statements::new("public", false)
        .find_schema()
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    let found: Option<String> = found.try_get(0).map_err(failed)?;
    found.ok_or_else(|| StoreError::CannotOpen {
        store: store.to_owned(),
        reason: "its search path names no schema: say which one is meant".to_owned(),
        source: None,
    })
}
