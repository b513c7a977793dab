//! One call's time with a connection.

use rehydrate_port::StoreError;
use sqlx::{Database, PgConnection, Postgres, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;

use super::error::explain;
use super::read::Reading;
use super::statements::Statements;
use crate::dialect::pool::{Pool, Pooled};

// The driver's transactions borrow their connection, but ours owns it.
pub(super) type Control = <Postgres as Database>::TransactionManager;

/// A connection, in a transaction of its own if the next statement could otherwise come to another
/// server connection than the one that has prepared it.
pub(super) struct Session {
    connection: Pooled<Postgres>,
    is_transaction: bool,
}

impl Session {
    pub(super) async fn open(
        pool: &Pool<Postgres>,
        is_transaction: bool,
        store: &str,
    ) -> Result<Self, StoreError> {
        let mut connection = pool.acquire().await?;
        if is_transaction {
            let mut begun = begin(&mut connection).await;
            if begun.is_err() && connection.is_reused() {
                drop(connection);
                pool.forget_idle();
                connection = pool.acquire().await?;
                begun = begin(&mut connection).await;
            }
            begun.map_err(|error| explain(store, "begin a transaction", error))?;
        }
        Ok(Self {
            connection,
            is_transaction,
        })
    }

    pub(super) fn is_reused(&self) -> bool {
        // One in a transaction has just been heard of.
        self.connection.is_reused() && !self.is_transaction
    }

    pub(super) fn sql(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Makes what was written permanent and gives the connection back.
    pub(super) async fn close(mut self) -> Result<(), sqlx::Error> {
        if self.is_transaction {
            Control::commit(&mut self.connection).await?;
        }
        self.connection.give_back();
        Ok(())
    }

    /// Takes back what was written and gives the connection back, if it is one still.
    pub(super) async fn abandon(mut self) {
        if !self.is_transaction || Control::rollback(&mut self.connection).await.is_ok() {
            self.connection.give_back();
        }
    }
}

impl Reading for Session {
    fn connection(&mut self) -> &mut PgConnection {
        self.sql()
    }

    async fn finish(self) {
        if let Err(error) = self.close().await {
            tracing::debug!(%error, "a connection was lost after a read");
        }
    }
}

/// Begins a transaction in which each statement sees what was committed before the statement.
pub(super) async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    Control::begin(connection, Some(Statements::BEGIN.into_sql_str())).await
}
