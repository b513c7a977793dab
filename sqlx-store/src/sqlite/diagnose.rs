//! What a person needs to know when the store is slow.

use rehydrate_port::{Diagnosis, StoreError, TableSize};
use sqlx::SqliteConnection;

use super::error::explain;
use super::log::watermark;
use super::statements;
use crate::dialect::rows;

const LONGEST: i64 = 10;

pub(super) async fn diagnose(
    connection: &mut SqliteConnection,
    store: &str,
) -> Result<Diagnosis, StoreError> {
    let failed = |error| explain(store, "look at the store", error);
    let database = sqlx::query_scalar(statements::SERVER_VERSION)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let schema_version: i64 = sqlx::query_scalar(statements::SCHEMA_VERSION)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let longest: Vec<(String, String, i64)> = sqlx::query_as(statements::LONGEST_STREAMS)
        .bind(LONGEST)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let tables: Vec<(String, i64, i64)> = sqlx::query_as(statements::TABLE_SIZES)
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    // There is one writer, so what is committed is all there is.
    let watermark = watermark(connection, store).await?;
    let mut diagnosis = Diagnosis::of(store);
    diagnosis.database = database;
    diagnosis.schema_version = u32::try_from(schema_version).unwrap_or(0);
    diagnosis.head = watermark;
    diagnosis.watermark = watermark;
    for (category, id, version) in longest {
        let stream = rows::stream(&category, &id)?;
        let version = rows::version(version).map_err(|fault| fault.explain(&stream))?;
        diagnosis.longest_streams.push((stream, version));
    }
    diagnosis.tables = tables.into_iter().map(table).collect();
    Ok(diagnosis)
}

fn table((name, rows, bytes): (String, i64, i64)) -> TableSize {
    TableSize {
        name,
        rows: u64::try_from(rows).unwrap_or(0),
        bytes: u64::try_from(bytes).unwrap_or(0),
    }
}
