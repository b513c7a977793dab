//! Putting a build in the place of the live one, which no transaction can do here, because what
//! renames a table commits.
//!
//! So it is noted first at the checkpoints of both builds, and the note is committed; then the tables
//! get their names, in one statement; then the checkpoints get their roles, and the note is gone.
//! Whoever locks or reads a checkpoint with such a note, or opens the store, goes on from there. One
//! at a time does, as it takes a lock of the session's, which goes with a connection that is lost.
//! Readers of the live name find one of the tables or the other at any time.

use rehydrate_port::{BoxError, Role, StoreError, Table, physical_name};
use sqlx::{AssertSqlSafe, MySqlConnection};

use super::MySqlStore;
use super::dialect::text;
use super::error::{Meaning, explain, explain_write, is_answer, meaning};
use super::statements;
use crate::dialect::tables::check_name;

const ACTION: &str = "make a build the live one";
/// How long one waits for another, in seconds; none of them takes nearly as long.
const PATIENCE: i64 = 10;

/// That a checkpoint was read whose builds are still to be swapped.
#[derive(Debug)]
struct Unfinished;

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("two builds are being swapped")
    }
}

impl std::error::Error for Unfinished {}

pub(super) fn unfinished(action: &'static str) -> StoreError {
    StoreError::Backend {
        action,
        source: Unfinished.into(),
    }
}

pub(super) fn is_unfinished<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Backend { source, .. }) if source.is::<Unfinished>())
}

/// Sees every swap to its end that was cut short.
pub(super) async fn complete(store: &MySqlStore) -> Result<(), StoreError> {
    let mut connection = store.server().acquire().await?;
    complete_on(&mut connection, store.name()).await?;
    connection.give_back();
    Ok(())
}

/// As `complete`, on a connection without a transaction.
pub(super) async fn complete_on(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<(), StoreError> {
    lock(connection, store).await?;
    let completed = complete_all(connection, store).await;
    unlock(connection, store).await?;
    completed
}

async fn complete_all(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let consumers: Vec<String> = sqlx::query_scalar(statements::READ_SWAPS)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| explain(store, ACTION, error))?;
    for consumer in consumers {
        finish(connection, store, &consumer).await?;
        tracing::info!(consumer, "completed a swap that was cut short");
    }
    Ok(())
}

/// Waits until nobody else makes, removes or swaps builds.
pub(super) async fn lock(connection: &mut MySqlConnection, store: &str) -> Result<(), StoreError> {
    let locked: Option<i64> = sqlx::query_scalar(statements::LOCK_BUILDS)
        .bind(PATIENCE)
        .fetch_one(connection)
        .await
        .map_err(|error| explain(store, "wait for other builds", error))?;
    if locked == Some(1) {
        Ok(())
    } else {
        Err(StoreError::Unavailable {
            reason: format!(
                "somebody else has made, removed or swapped builds of {store} for {PATIENCE} seconds"
            ),
            source: None,
        })
    }
}

pub(super) async fn unlock(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<(), StoreError> {
    sqlx::query(statements::UNLOCK_BUILDS)
        .execute(connection)
        .await
        .map_err(|error| explain(store, "let others make builds", error))?;
    Ok(())
}

/// Goes on with a swap that was noted; with none, it has been done or taken back.
///
/// For whoever has the lock, without a transaction.
pub(super) async fn finish(
    connection: &mut MySqlConnection,
    store: &str,
    consumer: &str,
) -> Result<(), StoreError> {
    let Some(names) = noted(connection, store, consumer).await? else {
        return Ok(());
    };
    match found(connection, store, &names).await? {
        [true, false, true] => {
            let renamed = rename(connection, &names).await;
            if let Err(error) = renamed {
                return Err(take_back(connection, store, consumer, &names, error).await);
            }
        }
        [true, true, false] => {}
        _ => {
            let [live, retired, next] = &names;
            return Err(broken(format!(
                "`{next}` was to get the name `{live}`, and that one the name `{retired}`, but \
                 they are neither as before nor as after that: see to it that `{live}` and \
                 `{retired}` are there and `{next}` is not, with the rows that belong there"
            )));
        }
    }
    sqlx::query(statements::SWAP_ROLES)
        .bind(consumer.as_bytes())
        .execute(connection)
        .await
        .map_err(|error| explain_write(store, ACTION, error))?;
    Ok(())
}

/// The live name, the name of the retired build and the name of the next one.
type Names = [String; 3];

async fn noted(
    connection: &mut MySqlConnection,
    store: &str,
    consumer: &str,
) -> Result<Option<Names>, StoreError> {
    let rows = sqlx::query(statements::READ_SWAP)
        .bind(consumer.as_bytes())
        .fetch_all(connection)
        .await
        .map_err(|error| explain(store, ACTION, error))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let read = || -> Result<Option<Names>, BoxError> {
        let (mut live, mut next) = (None, None);
        for row in &rows {
            let build = u32::try_from(sqlx::Row::try_get::<i64, _>(row, 0)?)?;
            match text(row, 1)? {
                "retired" => live = Some(build),
                _ => {
                    let table: Table = serde_json::from_str(text(row, 2)?)?;
                    next = Some((build, table));
                }
            }
        }
        Ok(live.zip(next).map(|(live, (next, table))| {
            [
                table.name.to_string(),
                physical_name(&table.name, live, Role::Retired),
                physical_name(&table.name, next, Role::Building),
            ]
        }))
    };
    let names = read().map_err(|error| StoreError::Backend {
        action: ACTION,
        source: error,
    })?;
    match names {
        Some(names) => Ok(Some(names)),
        None => Err(broken(format!("one of the builds of `{consumer}` is gone"))),
    }
}

async fn found(
    connection: &mut MySqlConnection,
    store: &str,
    [live, retired, next]: &Names,
) -> Result<[bool; 3], StoreError> {
    let found: (i64, i64, i64) = sqlx::query_as(statements::FIND_TABLES)
        .bind(live)
        .bind(retired)
        .bind(next)
        .fetch_one(connection)
        .await
        .map_err(|error| explain(store, ACTION, error))?;
    let (live, retired, next) = found;
    Ok([live, retired, next].map(|there| there != 0))
}

/// Both names in one statement, so that there is always a table of the live name.
async fn rename(
    connection: &mut MySqlConnection,
    [live, retired, next]: &Names,
) -> Result<(), sqlx::Error> {
    for name in [live, retired, next] {
        check_name(name).map_err(|error| sqlx::Error::Encode(error.into()))?;
    }
    sqlx::raw_sql(statements::WAIT_SHORTLY)
        .execute(&mut *connection)
        .await?;
    let sql = format!("RENAME TABLE `{live}` TO `{retired}`, `{next}` TO `{live}`");
    let renamed = sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut *connection)
        .await;
    sqlx::raw_sql(statements::WAIT_PATIENTLY)
        .execute(connection)
        .await?;
    renamed.map(drop)
}

/// What has come of a swap whose tables did not get their names.
async fn take_back(
    connection: &mut MySqlConnection,
    store: &str,
    consumer: &str,
    [live, ..]: &Names,
    error: sqlx::Error,
) -> StoreError {
    // Without an answer nobody knows; whoever comes next looks.
    if is_answer(&error) {
        let forgotten = sqlx::query(statements::FORGET_SWAP)
            .bind(consumer.as_bytes())
            .execute(connection)
            .await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, consumer, "a swap could not be taken back");
        }
    }
    match meaning(&error) {
        Meaning::Locked | Meaning::Deadlock => StoreError::Unavailable {
            reason: format!("the table {live} of {store} is in use, so it was not swapped"),
            source: Some(error.into()),
        },
        _ => explain_write(store, ACTION, error),
    }
}

fn broken(reason: String) -> StoreError {
    StoreError::Backend {
        action: ACTION,
        source: reason.into(),
    }
}
