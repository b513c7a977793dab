//! Events of another log, positions and all.

use rehydrate_port::{Page, StoreError, StoredEvent};
use sqlx::SqliteConnection;

use super::SqliteStore;
use super::error::explain;
use super::log::watermark;
use super::statements;

/// Writes the page in a transaction of its own.
pub(super) async fn import(store: &SqliteStore, page: &Page) -> Result<(), StoreError> {
    let Some(first) = page.first() else {
        return Ok(());
    };
    let rows: Vec<_> = page.iter().map(row).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| StoreError::Backend {
        action: "encode the events",
        source: error.into(),
    })?;
    let mut transaction = store.begin().await?;
    insert(transaction.connection(), &first, &rows, store.name()).await?;
    transaction.commit().await
}

async fn insert(
    connection: &mut SqliteConnection,
    first: &StoredEvent<'_>,
    rows: &str,
    store: &str,
) -> Result<(), StoreError> {
    let watermark = watermark(&mut *connection, store).await?;
    if first.position <= watermark {
        return Err(StoreError::NotAfterTheLog {
            first: first.position,
            watermark,
        });
    }
    sqlx::query(statements::IMPORT_EVENTS)
        .bind(rows)
        .execute(connection)
        .await
        .map_err(|error| explain(store, "import events", error))?;
    Ok(())
}

fn row<'a>(event: StoredEvent<'a>) -> impl serde::Serialize + use<'a> {
    (
        event.position,
        event.category,
        event.stream_id,
        event.version,
        event.event_type,
        event.schema_version,
        event.payload,
        event.metadata,
        event.event_id,
        event.recorded_at.timestamp_micros(),
    )
}
