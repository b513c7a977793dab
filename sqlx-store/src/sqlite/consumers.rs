//! Projections and reactors on SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Checkpoint, CheckpointId, ConsumerStore, Delivery, DeliveryQuery, DiffQuery, FeedPlace, Leased,
    LogCount, RelayRecord, RowQuery, RowsRead, StoreError, TableDiff, Totals,
};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, Sqlite, SqliteConnection};

use super::SqliteStore;
use super::error::{explain, explain_row};
use super::statements;
use super::tables::SqliteTables;
use crate::dialect::consumers;
use crate::dialect::session::{Answer, Bind, Kept, Session, TableSql};

/// Reads on one of the readers.
macro_rules! reading {
    ($store:expr, |$session:ident| $call:expr) => {{
        let mut reader = $store.0.readers.acquire().await?;
        let mut $session = SqliteSession::new(&mut reader, $store.name());
        $call.await
    }};
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
impl ConsumerStore for SqliteStore {
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError> {
        reading!(self, |session| consumers::checkpoints(
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
        reading!(self, |session| consumers::deliveries(&mut session, query))
    }

    async fn feeds(&self, consumer: Option<&str>) -> Result<Vec<FeedPlace>, StoreError> {
        reading!(self, |session| consumers::feeds(&mut session, consumer))
    }

    async fn relays(&self, consumer: Option<&str>) -> Result<Vec<RelayRecord>, StoreError> {
        reading!(self, |session| consumers::relays(&mut session, consumer))
    }

    async fn select_rows(&self, query: &RowQuery) -> Result<RowsRead, StoreError> {
        reading!(self, |session| consumers::select_rows(&mut session, query))
    }

    async fn total_rows(&self, query: &RowQuery, columns: &[&str]) -> Result<Totals, StoreError> {
        reading!(self, |session| consumers::total_rows(
            &mut session,
            query,
            columns
        ))
    }

    async fn diff(&self, query: &DiffQuery) -> Result<TableDiff, StoreError> {
        let mut reader = self.0.readers.acquire().await?;
        // Its end, which a drop brings about, too, is a rollback.
        let mut transaction = reader
            .begin()
            .await
            .map_err(|error| explain(self.name(), "begin to read", error))?;
        let mut session = SqliteSession::new(&mut transaction, self.name());
        consumers::diff(&mut session, query).await
    }

    async fn count_log(&self, count: &LogCount) -> Result<u64, StoreError> {
        reading!(self, |session| consumers::count_log(&mut session, count))
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

/// A connection, and the name of its store.
pub(super) struct SqliteSession<'a> {
    connection: &'a mut SqliteConnection,
    store: &'a str,
}

impl<'a> SqliteSession<'a> {
    pub(super) fn new(connection: &'a mut SqliteConnection, store: &'a str) -> Self {
        Self { connection, store }
    }

    async fn run(&mut self, action: &'static str, sql: &'static str) -> Result<(), StoreError> {
        let run = sqlx::raw_sql(sql).execute(&mut *self.connection).await;
        run.map_err(|error| explain(self.store, action, error))?;
        Ok(())
    }
}

#[async_trait]
impl Session for SqliteSession<'_> {
    type Tables = SqliteTables;

    fn tables(&self) -> SqliteTables {
        SqliteTables
    }

    async fn read(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<Vec<Answer>, StoreError> {
        let query = bound(sqlx::query(statements::kept(kept)), binds);
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
        let query = bound(sqlx::query(statements::kept(kept)), binds);
        let written = query.execute(&mut *self.connection).await;
        let written = written.map_err(|error| explain(self.store, action, error))?;
        Ok(written.rows_affected())
    }

    async fn read_table(
        &mut self,
        action: &'static str,
        sql: TableSql,
    ) -> Result<Vec<Answer>, StoreError> {
        // The names in it have been checked.
        let query = bound(sqlx::query(AssertSqlSafe(sql.text)), sql.binds);
        let rows = query.fetch_all(&mut *self.connection).await;
        rows.and_then(|rows| answers(&rows))
            .map_err(|error| explain(self.store, action, error))
    }

    async fn write_table(&mut self, action: &'static str, sql: TableSql) -> Result<(), StoreError> {
        let query = bound(sqlx::query(AssertSqlSafe(sql.text)), sql.binds);
        let written = query.execute(&mut *self.connection).await;
        written.map_err(|error| explain_row(self.store, action, &sql.table, error))?;
        Ok(())
    }

    async fn swap_tables(
        &mut self,
        live: &str,
        retired: &str,
        next: &str,
    ) -> Result<(), StoreError> {
        const ACTION: &str = "give tables their new names";
        let tables = [(live, retired), (next, live)];
        self.run(ACTION, statements::KEEP_VIEWS).await?;
        let mut renamed = Ok(());
        for (from, to) in tables {
            let text = format!("ALTER TABLE \"{from}\" RENAME TO \"{to}\"");
            let sql = TableSql {
                table: from.to_owned(),
                text,
                binds: Vec::new(),
            };
            if renamed.is_ok() {
                renamed = self.write_table(ACTION, sql).await;
            }
        }
        let ended = self.run(ACTION, statements::CHANGE_VIEWS).await;
        renamed.and(ended)
    }
}

fn bound<'q>(
    mut query: Query<'q, Sqlite, SqliteArguments>,
    binds: Vec<Bind>,
) -> Query<'q, Sqlite, SqliteArguments> {
    for bind in binds {
        query = match bind {
            Bind::Integer(number) => query.bind(number),
            Bind::Name(text) | Bind::Text(text) => query.bind(text),
        };
    }
    query
}

fn answers(rows: &[SqliteRow]) -> Result<Vec<Answer>, sqlx::Error> {
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}
