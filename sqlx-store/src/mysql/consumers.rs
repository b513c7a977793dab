//! Projections and reactors on MySQL and MariaDB.

mod builds;
mod session;

use std::time::Duration;

use async_trait::async_trait;
use rehydrate_port::{
    Checkpoint, CheckpointId, ConsumerStore, Delivery, DeliveryQuery, DiffQuery, FeedPlace, Leased,
    LogCount, RelayRecord, RowQuery, RowsRead, StoreError, TableDiff, Totals,
};

use super::error::{explain, is_answer};
use super::server::is_lost;
use super::statements;
use super::{MySqlStore, ask, swap};
use crate::dialect::consumers;

pub(super) use self::session::{MySqlSession, Within};

/// Reads on a connection of the pool.
macro_rules! asking {
    ($store:expr, |$session:ident| $call:expr) => {{
        let answer = ask!($store, connection => async {
            let mut $session = MySqlSession::new(&mut connection, $store, Within::NoSwap);
            $call.await
        });
        if swap::is_unfinished(&answer) {
            complete_if_possible($store).await;
            ask!($store, connection => async {
                let mut $session = MySqlSession::new(&mut connection, $store, Within::Nothing);
                $call.await
            })
        } else {
            answer
        }
    }};
}

/// Writes in a transaction.
macro_rules! writing {
    ($store:expr, |$session:ident| $call:expr) => {{
        let mut transaction = $store.begin().await?;
        let mut $session = transaction.session()?;
        let outcome = $call.await;
        match transaction.settled(outcome) {
            Ok(written) => {
                transaction.commit().await?;
                Ok(written)
            }
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    }};
}

#[async_trait]
impl ConsumerStore for MySqlStore {
    async fn checkpoints(&self, consumer: Option<&str>) -> Result<Vec<Checkpoint>, StoreError> {
        asking!(self, |session| consumers::checkpoints(
            &mut session,
            consumer
        ))
    }

    async fn create_build(&self, shards: &[Checkpoint]) -> Result<(), StoreError> {
        builds::create(self, shards).await
    }

    async fn drop_build(&self, consumer: &str, build: u32) -> Result<(), StoreError> {
        builds::drop(self, consumer, build).await
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
        let diff = diff(self, query, Within::NoSwap).await;
        if swap::is_unfinished(&diff) {
            complete_if_possible(self).await;
            return self::diff(self, query, Within::Nothing).await;
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

/// An account that only reads cannot, and has to do with what is there.
async fn complete_if_possible(store: &MySqlStore) {
    if let Err(error) = swap::complete(store).await {
        tracing::debug!(%error, "a swap that was cut short is not complete yet");
    }
}

/// Compares two builds, in a transaction whose statements all see the same.
async fn diff(
    store: &MySqlStore,
    query: &DiffQuery,
    within: Within<'_>,
) -> Result<TableDiff, StoreError> {
    let begin = || sqlx::raw_sql(statements::BEGIN_SNAPSHOT.text());
    let mut connection = store.server().acquire().await?;
    let mut begun = begin().execute(&mut *connection).await;
    if connection.is_reused()
        && let Err(error) = &begun
        && !is_answer(error)
    {
        drop(connection);
        connection = store.server().acquire_new().await?;
        begun = begin().execute(&mut *connection).await;
    }
    begun.map_err(|error| explain(store.name(), "begin to read", error))?;
    let mut session = MySqlSession::new(&mut connection, store, within);
    let diff = consumers::diff(&mut session, query).await;
    let ended = sqlx::raw_sql(statements::ROLL_BACK)
        .execute(&mut *connection)
        .await;
    if ended.is_ok() {
        connection.give_back();
    }
    diff
}
