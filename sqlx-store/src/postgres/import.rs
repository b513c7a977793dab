//! Events of another log, positions and all.

use rehydrate_port::{Page, Position, StoreError};
use sqlx::{PgConnection, Row as _};

use super::statements::Statements;
use crate::dialect::rows::clamp;

/// Writes the page, unless the log goes beyond its first position: then that is the answer.
pub(super) async fn import(
    connection: &mut PgConnection,
    statements: &Statements,
    page: &Page,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let column = |value: fn(&rehydrate_port::StoredEvent<'_>) -> u64| -> Vec<i64> {
        page.iter().map(|event| clamp(value(&event))).collect()
    };
    let events = || page.iter();
    let row = statements
        .import_events()
        .bind(column(|event| event.position.get()))
        .bind(events().map(|event| event.category).collect::<Vec<_>>())
        .bind(events().map(|event| event.stream_id).collect::<Vec<_>>())
        .bind(column(|event| event.version.get()))
        .bind(events().map(|event| event.event_type).collect::<Vec<_>>())
        .bind(column(|event| event.schema_version.get().into()))
        .bind(events().map(|event| event.payload).collect::<Vec<_>>())
        .bind(events().map(|event| event.metadata).collect::<Vec<_>>())
        .bind(events().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(events().map(|event| event.recorded_at).collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
    let refused: Option<i64> = row.try_get(0)?;
    Ok(match (refused, page.first()) {
        (Some(watermark), Some(first)) => Err(StoreError::NotAfterTheLog {
            first: first.position,
            watermark: Position::new(u64::try_from(watermark).unwrap_or(0)),
        }),
        _ => Ok(()),
    })
}
