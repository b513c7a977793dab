//! What a person needs to know when the store is slow.

use std::time::Duration;

use rehydrate_port::{Diagnosis, Holder, Position, StoreError, TableSize};
use sqlx::MySqlConnection;

use super::dialect::text;
use super::error::{Meaning, explain, meaning};
use super::log::{position, watermark};
use super::migrate;
use super::statements;
use crate::dialect::rows;

const LONGEST: i64 = 10;
const ACTION: &str = "look at the store";

pub(super) async fn diagnose(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<Diagnosis, StoreError> {
    let failed = |error| explain(store, ACTION, error);
    let mut diagnosis = Diagnosis::of(store);
    diagnosis.database = sqlx::query_scalar(statements::SERVER_VERSION)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    diagnosis.schema_version = migrate::schema_version(connection, store).await?;
    // First what was given out: what has been committed meanwhile is no more than that.
    let (given_out, writer) = counter_in_use(connection, store).await?;
    diagnosis.watermark = watermark(connection, store).await?;
    diagnosis.head = given_out.max(diagnosis.watermark);
    if diagnosis.head > diagnosis.watermark {
        diagnosis
            .held_by
            .extend(holder(connection, writer, store).await?);
    }
    diagnosis.missing_indexes = sqlx::query_scalar(statements::MISSING_INDEXES)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let longest = sqlx::query(statements::LONGEST_STREAMS)
        .bind(LONGEST)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    for row in &longest {
        let name = || Ok((text(row, 0)?, text(row, 1)?));
        let (category, id) = name().map_err(failed)?;
        let stream = rows::stream(category, id)?;
        let version: i64 = sqlx::Row::try_get(row, 2).map_err(failed)?;
        let version = rows::version(version).map_err(|fault| fault.explain(&stream))?;
        diagnosis.longest_streams.push((stream, version));
    }
    let tables: Vec<(String, i64, i64)> = sqlx::query_as(statements::TABLE_SIZES)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    diagnosis.tables = tables.into_iter().map(table).collect();
    Ok(diagnosis)
}

/// The counter as its present writer sees it, and that writer's connection.
async fn counter_in_use(
    connection: &mut MySqlConnection,
    store: &str,
) -> Result<(Position, i64), StoreError> {
    let failed = |error| explain(store, ACTION, error);
    sqlx::raw_sql(statements::LOOK_PAST_COMMITS)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let (last, writer): (i64, i64) = sqlx::query_as(statements::COUNTER_IN_USE)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    Ok((position(last), writer))
}

/// There is one at most, as the counter is locked by whoever moves it.
async fn holder(
    connection: &mut MySqlConnection,
    writer: i64,
    store: &str,
) -> Result<Option<Holder>, StoreError> {
    let found: Result<Option<(i64, String)>, _> = sqlx::query_as(statements::HOLDER)
        .bind(writer)
        .fetch_optional(connection)
        .await;
    match found {
        Ok(found) => Ok(found.map(|(seconds, query)| Holder {
            pid: writer,
            age: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
            query,
        })),
        Err(error) if meaning(&error) == Meaning::Denied => Ok(Some(Holder {
            pid: writer,
            age: Duration::ZERO,
            query: "unknown: this account needs the right PROCESS to see it".to_owned(),
        })),
        Err(error) => Err(explain(store, ACTION, error)),
    }
}

fn table((name, rows, bytes): (String, i64, i64)) -> TableSize {
    TableSize {
        name,
        rows: u64::try_from(rows).unwrap_or(0),
        bytes: u64::try_from(bytes).unwrap_or(0),
    }
}
