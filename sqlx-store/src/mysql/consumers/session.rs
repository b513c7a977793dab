//! A connection, as what all databases share uses it.

use async_trait::async_trait;
use rehydrate_port::StoreError;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection, Row as _};

use crate::dialect::session::{Answer, Bind, Kept, Session, TableSql};
use crate::mysql::error::{explain, explain_commit, explain_row, explain_table, explain_write};
use crate::mysql::tables::{COMMENT, MySqlTables};
use crate::mysql::transaction::Progress;
use crate::mysql::{MySqlStore, statements, swap};

const ACTION: &str = "make a build the live one";

/// What a statement runs in.
#[derive(Debug)]
pub(in crate::mysql) enum Within<'a> {
    /// Nothing; a checkpoint that is noted to be swapped is taken as it is.
    Nothing,
    /// Nothing; a checkpoint that is noted to be swapped is an error.
    NoSwap,
    Transaction(&'a mut Progress),
}

/// A connection, and the store that it is one to.
pub(in crate::mysql) struct MySqlSession<'a> {
    connection: &'a mut MySqlConnection,
    store: &'a MySqlStore,
    within: Within<'a>,
    has_builds_locked: bool,
}

impl<'a> MySqlSession<'a> {
    pub(in crate::mysql) fn new(
        connection: &'a mut MySqlConnection,
        store: &'a MySqlStore,
        within: Within<'a>,
    ) -> Self {
        Self {
            connection,
            store,
            within,
            has_builds_locked: false,
        }
    }

    /// Keeps others from making, removing or swapping builds, and waits for no table for long.
    pub(super) async fn begin_building(&mut self) -> Result<(), StoreError> {
        self.lock_builds().await?;
        self.run("begin a build", statements::WAIT_SHORTLY).await
    }

    pub(super) async fn end_building(&mut self) -> Result<(), StoreError> {
        self.run("end a build", statements::WAIT_PATIENTLY).await?;
        swap::unlock(self.connection, self.store.name()).await
    }

    /// Whether a table was made here; `None` if there is none.
    pub(super) async fn is_own_table(&mut self, name: &str) -> Result<Option<bool>, StoreError> {
        let comment: Option<String> = sqlx::query_scalar(statements::FIND_TABLE_COMMENT)
            .bind(name)
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(|error| explain(self.store.name(), "look for a table", error))?;
        Ok(comment.map(|comment| comment == COMMENT))
    }

    async fn run(&mut self, action: &'static str, sql: &'static str) -> Result<(), StoreError> {
        let run = sqlx::raw_sql(sql).execute(&mut *self.connection).await;
        run.map_err(|error| explain(self.store.name(), action, error))?;
        Ok(())
    }

    /// Notes that something is done in the transaction, if there is one.
    fn use_transaction(&mut self) {
        if let Within::Transaction(progress) = &mut self.within {
            **progress = Progress::Used;
        }
    }

    async fn fetch(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<Vec<MySqlRow>, StoreError> {
        let query = bound(sqlx::query(statements::kept(kept)), binds);
        let rows = query.fetch_all(&mut *self.connection).await;
        rows.map_err(|error| explain(self.store.name(), action, error))
    }

    fn is_noted(&self, action: &'static str, rows: &[MySqlRow]) -> Result<bool, StoreError> {
        is_noted(rows).map_err(|error| explain(self.store.name(), action, error))
    }

    /// Sees a swap to its end that whoever was to do it has left, and locks its checkpoint then.
    ///
    /// What this transaction has locked would be in the way, so it is ended and begun again, which
    /// makes no difference as long as nothing was done in it.
    async fn fetch_after_swap(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
        can_begin_again: bool,
    ) -> Result<Vec<MySqlRow>, StoreError> {
        self.run(action, statements::ROLL_BACK).await?;
        let completed = swap::complete_on(self.connection, self.store.name()).await;
        if let Err(error) = completed {
            tracing::debug!(%error, "a swap that was cut short is not complete yet");
        }
        if can_begin_again {
            self.run(action, statements::BEGIN.text()).await?;
            let rows = self.fetch(action, kept, binds).await?;
            if !self.is_noted(action, &rows)? {
                return Ok(rows);
            }
        }
        Err(StoreError::Unavailable {
            reason: format!("two builds in {} are being swapped", self.store.name()),
            source: None,
        })
    }

    /// Everything that the transaction has done, and the note, then the tables and the roles.
    async fn swap_locked(&mut self, roles: Vec<Bind>) -> Result<(), StoreError> {
        let store = self.store.name();
        let Some(Bind::Name(Some(consumer))) = roles.get(1).cloned() else {
            return Err(swap::unfinished(ACTION));
        };
        bound(sqlx::query(statements::NOTE_SWAP), roles)
            .execute(&mut *self.connection)
            .await
            .map_err(|error| explain_write(store, ACTION, error))?;
        sqlx::raw_sql(statements::COMMIT.text())
            .execute(&mut *self.connection)
            .await
            .map_err(|error| explain_commit(store, error))?;
        self.store.announce();
        swap::finish(self.connection, store, &consumer).await
    }
}

#[async_trait]
impl Session for MySqlSession<'_> {
    type Tables = MySqlTables;

    fn tables(&self) -> MySqlTables {
        let server = self.store.server();
        MySqlTables {
            collation: server.collation().to_owned(),
            largest_bind: server.largest_bind(),
        }
    }

    async fn read(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<Vec<Answer>, StoreError> {
        let has_note = matches!(
            kept,
            Kept::ReadCheckpoint
                | Kept::ReadCheckpoints
                | Kept::LockCheckpoint
                | Kept::LockFreeCheckpoint
        );
        let locks = matches!(kept, Kept::LockCheckpoint | Kept::LockFreeCheckpoint);
        let mut rows = self.fetch(action, kept, binds.clone()).await?;
        if has_note && self.is_noted(action, &rows)? {
            match &self.within {
                Within::NoSwap => return Err(swap::unfinished(action)),
                Within::Transaction(progress) if locks => {
                    let is_fresh = **progress == Progress::Fresh;
                    rows = self.fetch_after_swap(action, kept, binds, is_fresh).await?;
                }
                Within::Nothing | Within::Transaction(_) => {}
            }
        }
        self.use_transaction();
        answers(&rows).map_err(|error| explain(self.store.name(), action, error))
    }

    async fn write(
        &mut self,
        action: &'static str,
        kept: Kept,
        binds: Vec<Bind>,
    ) -> Result<u64, StoreError> {
        self.use_transaction();
        let query = bound(sqlx::query(statements::kept(kept)), binds);
        let written = query.execute(&mut *self.connection).await;
        let written = written.map_err(|error| explain_write(self.store.name(), action, error))?;
        Ok(written.rows_affected())
    }

    async fn read_table(
        &mut self,
        action: &'static str,
        sql: TableSql,
    ) -> Result<Vec<Answer>, StoreError> {
        self.use_transaction();
        let query = bound(over_table(sql.text), sql.binds);
        let rows = query.fetch_all(&mut *self.connection).await;
        rows.and_then(|rows| answers(&rows))
            .map_err(|error| explain_table(self.store.name(), action, error))
    }

    async fn write_table(&mut self, action: &'static str, sql: TableSql) -> Result<(), StoreError> {
        self.use_transaction();
        let query = bound(over_table(sql.text), sql.binds);
        let written = query.execute(&mut *self.connection).await;
        written.map_err(|error| explain_row(self.store.name(), action, &sql.table, error))?;
        Ok(())
    }

    async fn lock_builds(&mut self) -> Result<(), StoreError> {
        if !self.has_builds_locked {
            swap::lock(self.connection, self.store.name()).await?;
            self.has_builds_locked = true;
        }
        Ok(())
    }

    async fn begin_whole(&mut self) -> Result<(), StoreError> {
        self.run("begin a transaction", statements::BEGIN.text())
            .await
    }

    async fn end_whole(&mut self) -> Result<(), StoreError> {
        let committed = sqlx::raw_sql(statements::COMMIT.text())
            .execute(&mut *self.connection)
            .await;
        committed.map_err(|error| explain_commit(self.store.name(), error))?;
        Ok(())
    }

    async fn swap(
        &mut self,
        _: &'static str,
        _: [&str; 3],
        roles: Vec<Bind>,
    ) -> Result<(), StoreError> {
        if let Within::Transaction(progress) = &mut self.within {
            **progress = Progress::Swapping;
        }
        swap::lock(self.connection, self.store.name()).await?;
        let swapped = self.swap_locked(roles).await;
        let unlocked = swap::unlock(self.connection, self.store.name()).await;
        if unlocked.is_ok() {
            self.use_transaction();
        }
        swapped?;
        if unlocked.is_ok() {
            // For what the caller does before the commit, if anything; without an answer that fails,
            // but the swap is done.
            let _ = self.run(ACTION, statements::BEGIN.text()).await;
        }
        if let Within::Transaction(progress) = &mut self.within {
            **progress = Progress::Swapped;
        }
        Ok(())
    }

    async fn swap_tables(&mut self, _: &str, _: &str, _: &str) -> Result<(), StoreError> {
        // It is done in `swap`, by the names that go with the note.
        Ok(())
    }
}

/// Whether two builds of one of the checkpoints are to be swapped.
fn is_noted(rows: &[MySqlRow]) -> Result<bool, sqlx::Error> {
    for row in rows {
        if row.try_get::<i64, _>(2)? != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names in the text have been checked.
fn over_table(text: String) -> Query<'static, MySql, MySqlArguments> {
    sqlx::query(AssertSqlSafe(text))
}

fn bound(
    mut query: Query<'static, MySql, MySqlArguments>,
    binds: Vec<Bind>,
) -> Query<'static, MySql, MySqlArguments> {
    for bind in binds {
        query = match bind {
            Bind::Integer(number) => query.bind(number),
            Bind::Name(name) => query.bind(name.map(String::into_bytes)),
            Bind::Text(text) => query.bind(text),
        };
    }
    query
}

/// The driver does not take every column of JSON for text by itself.
fn answers(rows: &[MySqlRow]) -> Result<Vec<Answer>, sqlx::Error> {
    rows.iter()
        .map(|row| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?)))
        .collect()
}
