//! By hand, with the columns and indexes that rehydrate's table of events has.

use chrono::Utc;
use rehydrate::Event as _;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::account::AccountEvent;
use crate::by_hand::postgres_with;

/// A connection with the table.
pub(crate) struct Wide(PgConnection);

const TABLE: &str = r#"CREATE TABLE IF NOT EXISTS by_hand_wide (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category text COLLATE "C" NOT NULL, stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL, event_type text NOT NULL, schema_version bigint NOT NULL,
    payload json NOT NULL, metadata json, event_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL, UNIQUE (category, stream_id, version))"#;

const INSERT: &str = "INSERT INTO by_hand_wide (
        category, stream_id, version, event_type, schema_version, payload, metadata, event_id,
        recorded_at
    )
    VALUES ($1, $2, $3, $4, $5, $6::text::json, $7::text::json, $8, $9)
    RETURNING version, position, recorded_at";

impl Wide {
    pub(crate) async fn connect(url: &str, schema: &str) -> Self {
        Self(postgres_with(url, schema, TABLE).await)
    }

    /// Adds the first event of an account.
    pub(crate) async fn append(&mut self, id: u64, event: &AccountEvent) {
        let payload = event.encode().expect("it has a JSON");
        let row = sqlx::query(INSERT)
            .bind("account")
            .bind(id.to_string())
            .bind(1_i64)
            .bind(event.event_type())
            .bind(1_i64)
            .bind(payload)
            .bind(None::<&str>)
            .bind(Uuid::now_v7())
            .bind(Utc::now())
            .fetch_one(&mut self.0);
        row.await.expect("it is appended");
    }
}
