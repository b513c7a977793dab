//! The connection that writes, and the beginning and end of its transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Database, SqlSafeStr as _, Sqlite, SqliteConnection};
use sqlx_core::transaction::TransactionManager as _;

use super::direct::Opening;
use super::statements;

// The driver's transactions borrow their connection, but ours owns it.
type Control = <Sqlite as Database>::TransactionManager;

/// The connections that write, of which only one is used at a time: the driver's for transactions,
/// and another for groups of appends, and for reads between them.
#[derive(Debug)]
pub(super) struct WriterConnection {
    sql: SqliteConnection,
    direct: Option<rusqlite::Connection>,
    opening: Opening,
    options: SqliteConnectOptions,
    rolled_back: Arc<AtomicBool>,
    /// Whether the last transaction may have been cut short while it had a pragma changed, which a
    /// rollback does not take back.
    may_keep_views: bool,
}

impl WriterConnection {
    /// Opens the file by way of the driver, and later with `opening`.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        opening: Opening,
    ) -> Result<Self, sqlx::Error> {
        let rolled_back = Arc::new(AtomicBool::new(false));
        let sql = connect(&options, &rolled_back).await?;
        Ok(Self {
            sql,
            direct: None,
            opening,
            options,
            rolled_back,
            may_keep_views: false,
        })
    }

    pub(super) fn sql(&mut self) -> &mut SqliteConnection {
        &mut self.sql
    }

    /// The connection for groups, which may wait.
    pub(super) fn direct(&mut self) -> Result<&rusqlite::Connection, sqlx::Error> {
        let connection = match self.direct.take() {
            Some(connection) => connection,
            None => self.opening.open()?,
        };
        Ok(self.direct.insert(connection))
    }

    /// The same, if it is open already.
    pub(super) fn opened(&mut self) -> Option<&rusqlite::Connection> {
        self.direct.as_ref()
    }

    /// Whether somebody before has left nothing open.
    pub(super) fn is_settled(&self) -> bool {
        Control::get_transaction_depth(&self.sql) == 0 && !self.may_keep_views
    }

    /// Ends what somebody before may have left open, such as a task that was cut short.
    pub(super) async fn settle(&mut self) {
        if Control::get_transaction_depth(&self.sql) > 0 {
            self.roll_back().await;
        }
        if self.may_keep_views {
            let changed = sqlx::raw_sql(statements::CHANGE_VIEWS).execute(&mut self.sql);
            match changed.await {
                Ok(_) => self.may_keep_views = false,
                Err(error) => tracing::warn!(%error, "cannot reset the writing connection"),
            }
        }
    }

    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let begun = Control::begin(&mut self.sql, Some(statements::BEGIN.into_sql_str())).await;
        self.rolled_back.store(false, Ordering::Release);
        match begun {
            // The driver's thread is gone, or still counts a transaction that is not there.
            Err(sqlx::Error::WorkerCrashed | sqlx::Error::InvalidSavePointStatement) => {
                self.sql = connect(&self.options, &self.rolled_back).await?;
                Control::begin(&mut self.sql, Some(statements::BEGIN.into_sql_str())).await
            }
            begun => begun,
        }
    }

    /// Whether SQLite has ended the transaction by itself, as it does when the disk is full: what
    /// was executed now would be committed at once.
    pub(super) fn has_lost_its_transaction(&self) -> bool {
        self.rolled_back.load(Ordering::Acquire)
    }

    pub(super) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        loop {
            Control::commit(&mut self.sql).await?;
            // It may have been a savepoint that the caller has left open.
            if Control::get_transaction_depth(&self.sql) == 0 {
                return Ok(());
            }
        }
    }

    /// Leaves the connection without a transaction, whatever state it is in.
    pub(super) async fn roll_back(&mut self) {
        self.may_keep_views = true;
        let ended = Control::rollback(&mut self.sql).await;
        if ended.is_ok() && Control::get_transaction_depth(&self.sql) == 0 {
            return;
        }
        // The driver counts transactions, and does not see that SQLite has ended one by itself.
        match connect(&self.options, &self.rolled_back).await {
            Ok(sql) => self.sql = sql,
            Err(error) => tracing::warn!(%error, "cannot open the writing connection again"),
        }
    }

    /// Rolls back without waiting for it; what is executed next comes after it.
    pub(super) fn start_roll_back(&mut self) {
        self.may_keep_views = true;
        Control::start_rollback(&mut self.sql);
    }
}

async fn connect(
    options: &SqliteConnectOptions,
    rolled_back: &Arc<AtomicBool>,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut sql = options.connect().await?;
    let rolled_back = Arc::clone(rolled_back);
    sql.lock_handle()
        .await?
        .set_rollback_hook(move || rolled_back.store(true, Ordering::Release));
    Ok(sql)
}
