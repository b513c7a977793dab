//! Events of another log, positions and all.

use rehydrate_port::{Page, StoreError, StoredEvent};
use sqlx::MySqlConnection;

use super::MySqlStore;
use super::error::{explain_write, too_large};
use super::log::position;
use super::statements;
use crate::dialect::rows;

/// So much JSON a statement, or less if the server takes less.
const CHUNK: usize = 4 * 1024 * 1024;

/// Writes the page in a transaction of its own.
pub(super) async fn import(store: &MySqlStore, page: &Page) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(());
    };
    let chunks = chunks(page, store.server().largest_bind())?;
    let mut transaction = store.begin().await?;
    let name = store.name();
    lock(transaction.connection(), &first, name).await?;
    for chunk in &chunks {
        sqlx::query(statements::IMPORT_EVENTS)
            .bind(chunk.as_str())
            .execute(transaction.connection())
            .await
            .map_err(|error| explain_write(name, "import events", error))?;
    }
    sqlx::query(statements::END_IMPORT)
        .bind(rows::clamp(last.position.get()))
        .execute(transaction.connection())
        .await
        .map_err(|error| explain_write(name, "import events", error))?;
    transaction.commit().await
}

async fn lock(
    connection: &mut MySqlConnection,
    first: &StoredEvent<'_>,
    store: &str,
) -> Result<(), StoreError> {
    let last: i64 = sqlx::query_scalar(statements::BEGIN_IMPORT)
        .fetch_one(connection)
        .await
        .map_err(|error| explain_write(store, "import events", error))?;
    let watermark = position(last);
    if first.position <= watermark {
        Err(StoreError::NotAfterTheLog {
            first: first.position,
            watermark,
        })
    } else {
        Ok(())
    }
}

/// The events as JSON arrays, each small enough for a packet.
fn chunks(page: &Page, largest: usize) -> Result<Vec<String>, StoreError> {
    let limit = largest.min(CHUNK);
    let mut chunks = Vec::new();
    let mut chunk = String::new();
    for event in page {
        let row = serde_json::to_string(&row(&event)).map_err(|error| StoreError::Backend {
            action: "encode the events",
            source: error.into(),
        })?;
        if row.len() + 2 > largest {
            return Err(too_large("import events", None));
        }
        if !chunk.is_empty() && chunk.len() + row.len() + 2 > limit {
            chunk.push(']');
            chunks.push(std::mem::take(&mut chunk));
        }
        chunk.push(if chunk.is_empty() { '[' } else { ',' });
        chunk.push_str(&row);
    }
    chunk.push(']');
    chunks.push(chunk);
    Ok(chunks)
}

fn row<'a>(event: &StoredEvent<'a>) -> impl serde::Serialize + use<'a> {
    (
        event.position,
        event.category,
        event.stream_id,
        event.version,
        event.event_type,
        event.schema_version,
        event.payload,
        event.metadata,
        event.event_id.simple().to_string(),
        event.recorded_at.timestamp_micros(),
    )
}
