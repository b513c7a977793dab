//! What a person needs to know when the store is slow.

use std::time::Duration;

use rehydrate_port::{Diagnosis, Holder, StoreError, TableSize};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::error::explain;
use super::log::progress;
use super::migrate::schema_version;
use super::statements::Statements;
use crate::dialect::rows::{self, clamp};

const LONGEST: i64 = 10;

pub(super) async fn diagnose(
    connection: &mut PgConnection,
    statements: &Statements,
    (schema, table): (&str, i64),
    store: &str,
) -> Result<Diagnosis, StoreError> {
    let failed = |error| explain(store, "look at the store", error);
    let mut diagnosis = Diagnosis::of(store);
    let version = statements.server_version();
    let version = version.fetch_one(&mut *connection).await.map_err(failed)?;
    diagnosis.database = version.try_get(0).map_err(failed)?;
    diagnosis.schema_version = schema_version(connection, statements, schema, store).await?;
    let progress = progress(connection, statements, store).await?;
    diagnosis.watermark = progress.watermark;
    diagnosis.head = progress.head;
    if progress.is_held {
        let holders = statements
            .holders()
            .bind(table)
            .bind(clamp(progress.head.get()))
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        let holders = holders.iter().map(holder).collect::<Result<_, _>>();
        diagnosis.held_by = holders.map_err(failed)?;
    }
    let missing = statements.missing_indexes().bind(schema.to_owned());
    let missing = missing.fetch_all(&mut *connection).await.map_err(failed)?;
    let missing = missing
        .iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>();
    diagnosis.missing_indexes = missing.map_err(failed)?;
    let longest = statements.longest_streams().bind(LONGEST);
    for row in longest.fetch_all(&mut *connection).await.map_err(failed)? {
        let name = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (category, id, version) = name().map_err(failed)?;
        let stream = rows::stream(category, id)?;
        let version = rows::version(version).map_err(|fault| fault.explain(&stream))?;
        diagnosis.longest_streams.push((stream, version));
    }
    let tables = statements.table_sizes().bind(schema.to_owned());
    let tables = tables.fetch_all(&mut *connection).await.map_err(failed)?;
    let tables = tables.iter().map(table_size).collect::<Result<_, _>>();
    diagnosis.tables = tables.map_err(failed)?;
    Ok(diagnosis)
}

fn holder(row: &PgRow) -> Result<Holder, sqlx::Error> {
    // NULL for a transaction that was prepared and has left its connection.
    let pid: Option<i32> = row.try_get(0)?;
    Ok(Holder {
        pid: pid.map_or(0, i64::from),
        age: Duration::try_from_secs_f64(row.try_get(1)?).unwrap_or_default(),
        query: row.try_get(2)?,
    })
}

fn table_size(row: &PgRow) -> Result<TableSize, sqlx::Error> {
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    Ok(TableSize {
        name: row.try_get(0)?,
        rows: number(row.try_get(1)?),
        bytes: number(row.try_get(2)?),
    })
}
