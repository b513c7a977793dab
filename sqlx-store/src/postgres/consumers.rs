//! Projections and reactors on PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Checkpoint, CheckpointId, ConsumerStore, Delivery, DeliveryQuery, DiffQuery, FeedPlace, Leased,
    LogCount, RelayRecord, RowQuery, RowsRead, StoreError, TableDiff, Totals,
};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;

use super::error::{explain, explain_row, explain_table, explain_write};
use super::session::Control;
use super::statements::Statements;
use super::tables::PostgresTables;
use super::{PostgresStore, reading};
use crate::dialect::consumers;
use crate::dialect::pool::Pooled;
use crate::dialect::session::{Answer, Bind, Kept, Session, TableSql};

/// Reads on a connection of the pool.
macro_rules! asking {
    ($store:expr, |$session:ident| $call:expr) => {
        reading!($store, |connection| async {
            let mut $session = PostgresSession::new(connection, $store);
            $call.await
        })
    };
}

/// Writes in a transaction.
macro_rules! writing {
    ($store:expr, |$session:ident| $call:expr) => {{
        let mut transaction = $store.begin().await?;
        let mut $session = transaction.session()?;
        let outcome = $call.await;
        let written = transaction.settled(outcome)?;
        transaction.commit().await?;
        Ok(written)
    }};
}

#[async_trait]
impl ConsumerStore for PostgresStore {
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError> {
        asking!(self, |session| consumers::checkpoints(
            &mut session,
            consumer
        ))
    }

    async fn create_build(&self, shards: &[Checkpoint]) -> Result<(), StoreError> {
        writing!(self, |session| consumers::create_build(
            &mut session,
            shards
        ))
    }

    async fn drop_build(&self, consumer: &str, build: u32) -> Result<(), StoreError> {
        writing!(self, |session| consumers::drop_build(
            &mut session,
            consumer,
            build
        ))
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        asking!(self, |session| consumers::deliveries(&mut session, query))
    }

    async fn feeds(&self, consumer: Option<&str>) -> Result<Vec<FeedPlace>, StoreError> {
        asking!(self, |session| consumers::feeds(&mut session, consumer))
    }

    async fn relays(&self, consumer: Option<&str>) -> Result<Vec<RelayRecord>, StoreError> {
        asking!(self, |session| consumers::relays(&mut session, consumer))
    }

    async fn select_rows(&self, query: &RowQuery) -> Result<RowsRead, StoreError> {
        asking!(self, |session| consumers::select_rows(&mut session, query))
    }

    async fn total_rows(&self, query: &RowQuery, columns: &[&str]) -> Result<Totals, StoreError> {
        asking!(self, |session| consumers::total_rows(
            &mut session,
            query,
            columns
        ))
    }

    async fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError> {
        let mut connection = begin_snapshot(self).await?;
        let mut session = PostgresSession::new(&mut connection, self);
        let diff = consumers::diff(&mut session, query).await;
        if Control::rollback(&mut connection).await.is_ok() {
            connection.give_back();
        }
        diff
    }

    async fn count_log(&self, count: &LogCount) -> Result<u64, StoreError> {
        asking!(self, |session| consumers::count_log(&mut session, count))
    }

    async fn lease(
        &self,
        id: &CheckpointId,
        owner: &str,
        duration: Duration,
    ) -> Result<Leased, StoreError> {
        writing!(self, |session| consumers::lease(
            &mut session,
            id,
            owner,
            duration
        ))
    }

    async fn release(&self, id: &CheckpointId, owner: &str) -> Result<(), StoreError> {
        writing!(self, |session| consumers::release(&mut session, id, owner))
    }
}

/// A connection whose statements all see the same.
async fn begin_snapshot(store: &PostgresStore) -> Result<Pooled<Postgres>, StoreError> {
    let begin = || Some(Statements::BEGIN_SNAPSHOT.into_sql_str());
    let mut connection = store.pool().acquire().await?;
    let mut begun = Control::begin(&mut connection, begin()).await;
    if begun.is_err() && connection.is_reused() {
        drop(connection);
        store.pool().forget_idle();
        connection = store.pool().acquire().await?;
        begun = Control::begin(&mut connection, begin()).await;
    }
    begun.map_err(|error| explain(store.name(), "begin to read", error))?;
    Ok(connection)
}

/// A connection, and the store that it is one to.
pub(super) struct PostgresSession<'a> {
    connection: &'a mut PgConnection,
    statements: &'a Statements,
    schema: &'a str,
    store: &'a str,
}

impl<'a> PostgresSession<'a> {
    pub(super) fn new(connection: &'a mut PgConnection, store: &'a PostgresStore) -> Self {
        Self {
            connection,
            statements: store.statements(),
            schema: store.schema(),
            store: store.name(),
        }
    }
}

#[async_trait]
impl Session for PostgresSession<'_> {
    type Tables = PostgresTables;

    fn tables(&self) -> PostgresTables {
        PostgresTables::new(self.schema)
    }

    async fn read(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<Vec<Answer>, StoreError> {
        let query = bound(self.statements.kept(kept), binds);
        let rows = query.fetch_all(&mut *self.connection).await;
        rows.and_then(|rows| answers(&rows))
            .map_err(|error| explain(self.store, action, error))
    }

    async fn write(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<u64, StoreError> {
        let query = bound(self.statements.kept(kept), binds);
        let written = query.execute(&mut *self.connection).await;
        let written = written.map_err(|error| explain_write(self.store, action, error))?;
        Ok(written.rows_affected())
    }

    async fn read_table(
        &mut self,
        action: &'static str,
        sql: TableSql,
    ) -> Result<Vec<Answer>, StoreError> {
        let query = bound(self.statements.over_table(sql.text), sql.binds);
        let rows = query.fetch_all(&mut *self.connection).await;
        rows.and_then(|rows| answers(&rows))
            .map_err(|error| explain_table(self.store, action, error))
    }

    async fn write_table(&mut self, action: &'static str, sql: TableSql) -> Result<(), StoreError> {
        let query = bound(self.statements.over_table(sql.text), sql.binds);
        let written = query.execute(&mut *self.connection).await;
        written.map_err(|error| explain_row(self.store, action, &sql.table, error))?;
        Ok(())
    }

    async fn lock_builds(&mut self) -> Result<(), StoreError> {
        let lock = self.statements.lock_builds().bind(self.schema.to_owned());
        let locked = lock.execute(&mut *self.connection).await;
        locked.map_err(|error| explain_write(self.store, "wait for other builds", error))?;
        Ok(())
    }

    async fn swap_tables(
        &mut self,
        live: &str,
        retired: &str,
        next: &str,
    ) -> Result<(), StoreError> {
        let swap = self.statements.swap_tables();
        let swap = swap
            .bind(live.to_owned())
            .bind(retired.to_owned())
            .bind(next.to_owned());
        let swapped = swap.execute(&mut *self.connection).await;
        swapped.map_err(|error| explain_table(self.store, "give tables their new names", error))?;
        Ok(())
    }
}

fn bound(
    mut query: Query<'static, Postgres, PgArguments>,
    binds: Vec<Bind>,
) -> Query<'static, Postgres, PgArguments> {
    for bind in binds {
        query = match bind {
            Bind::Integer(number) => query.bind(number),
            Bind::Name(text) | Bind::Text(text) => query.bind(text),
        };
    }
    query
}

fn answers(rows: &[PgRow]) -> Result<Vec<Answer>, sqlx::Error> {
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}
