//! On PostgreSQL.

use std::hint::black_box;

use futures_util::TryStreamExt;
use peers_harness::{
    Account, Counts, Deposit, Event, Id, Loaded, Outcome, Peer, Source, Task, event,
    expected_account,
};
use serde::Serialize;
use serde_json::value::to_raw_value;
use sqlx::postgres::PgArguments;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection, Postgres, Row};

use crate::connections::Connections;

/// The statements for one of the tables.
#[derive(Clone, Copy)]
pub(crate) struct Statements {
    kind: Kind,
    insert: &'static str,
    insert_with_snapshot: &'static str,
    insert_several: &'static str,
    write_snapshot: &'static str,
    load: &'static str,
    load_from_snapshot: &'static str,
    replay: &'static str,
}

/// The type of the column with the content.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Json,
    Jsonb,
}

impl Kind {
    /// sqlx sends its `Json` as jsonb, which would have to be printed again for a column of json.
    fn bind<'q>(self, query: Query<'q>, content: &impl Serialize) -> Outcome<Query<'q>> {
        Ok(match self {
            Self::Jsonb => query.bind(Json(to_raw_value(content)?)),
            Self::Json => query.bind(serde_json::to_string(content)?),
        })
    }
}

type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;

macro_rules! statements {
    ($variant:ident, $events:literal, $of:literal, $snapshots:literal, $given:literal) => {
        Statements {
            kind: Kind::$variant,
            insert: concat!(
                "INSERT INTO ", $events, " (stream_id, version, event_type, payload)
                VALUES ($1, $2, $3, $4", $given, ")"
            ),
            insert_with_snapshot: concat!(
                "WITH event AS (INSERT INTO ", $events, " (stream_id, version, event_type, payload)
                    VALUES ($1, $2, $3, $4", $given, "))
                INSERT INTO ", $snapshots, " (stream_id, version, state)
                VALUES ($1, $2, $5", $given, ") ON CONFLICT (stream_id)
                DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state"
            ),
            insert_several: concat!(
                "INSERT INTO ", $events, " (stream_id, version, event_type, payload)
                SELECT $1, $2 + number, event_type, payload", $given, "
                FROM UNNEST($3::text[], $4) WITH ORDINALITY
                    AS new(event_type, payload, number)"
            ),
            write_snapshot: concat!(
                "INSERT INTO ", $snapshots, " (stream_id, version, state)
                VALUES ($1, $2, $3", $given, ") ON CONFLICT (stream_id)
                DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state"
            ),
            load: concat!(
                "SELECT version, payload FROM ", $events,
                " WHERE ", $of, "stream_id = $1 ORDER BY version"
            ),
            load_from_snapshot: concat!(
                "WITH snapshot AS MATERIALIZED
                    (SELECT version, state FROM ", $snapshots, " WHERE stream_id = $1)
                SELECT version, state, true FROM snapshot
                UNION ALL (SELECT version, payload, false FROM ", $events, "
                    WHERE ", $of, "stream_id = $1
                    AND version > COALESCE((SELECT version FROM snapshot), 0) ORDER BY version)"
            ),
            replay: concat!(
                "SELECT position, stream_id, version, payload FROM ", $events, " ORDER BY position"
            ),
        }
    };
}

pub(crate) const JSONB: Statements = statements!(Jsonb, "ev", "", "snap", "");
pub(crate) const JSON: Statements = statements!(Json, "ev_json", "", "snap_json", "::text::json");
/// With the columns and indexes of Rehydrate's table, whose values the server makes up.
pub(crate) const COLUMNS: Statements = statements!(
    Json,
    "ev_columns",
    "category = 'account' AND ",
    "snap_json",
    "::text::json"
);

const TABLES: &str = r#"
CREATE TABLE ev (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id text NOT NULL,
    version bigint NOT NULL, event_type text NOT NULL, payload jsonb NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}', recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (stream_id, version));
CREATE TABLE snap (stream_id text PRIMARY KEY, version bigint NOT NULL, state jsonb NOT NULL);
CREATE TABLE ev_json (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id text NOT NULL,
    version bigint NOT NULL, event_type text NOT NULL, payload json NOT NULL,
    metadata json NOT NULL DEFAULT '{}', recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (stream_id, version));
CREATE TABLE snap_json (stream_id text PRIMARY KEY, version bigint NOT NULL, state json NOT NULL);
CREATE TABLE ev_columns (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    category text COLLATE "C" NOT NULL DEFAULT 'account', stream_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL, event_type text NOT NULL, schema_version bigint NOT NULL DEFAULT 1,
    payload json NOT NULL, metadata json, event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    recorded_at timestamptz NOT NULL DEFAULT now(), UNIQUE (category, stream_id, version));"#;

pub(crate) async fn create_tables(url: &str) -> Outcome {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(TABLES).execute(&mut connection).await?;
    Ok(())
}

pub(crate) struct ByHand {
    connections: Connections<Postgres>,
    statements: Statements,
}

impl ByHand {
    pub(crate) fn new(connections: Connections<Postgres>, statements: Statements) -> Self {
        Self {
            connections,
            statements,
        }
    }

    async fn state(&self, id: &Id, source: Source) -> Outcome<(Account, i64)> {
        let from_snapshot = source == Source::Snapshot;
        let statement = if from_snapshot {
            self.statements.load_from_snapshot
        } else {
            self.statements.load
        };
        let mut connection = self.connections.take().await?;
        let mut rows = sqlx::query(statement)
            .bind(&id.text)
            .fetch(&mut *connection);
        let mut account = Account::default();
        let mut version = 0;
        while let Some(row) = rows.try_next().await? {
            version = row.get_unchecked(0);
            if from_snapshot && row.get_unchecked::<bool, _>(2) {
                account = row.get_unchecked::<Json<Account>, _>(1).0;
            } else {
                account.apply(&row.get_unchecked::<Json<Event>, _>(1).0);
            }
        }
        Ok((account, version))
    }

    async fn insert(&self, id: &Id, version: i64, event: &Event) -> Outcome {
        let mut connection = self.connections.take().await?;
        let insert = sqlx::query(self.statements.insert)
            .bind(&id.text)
            .bind(version)
            .bind(event.kind());
        self.statements
            .kind
            .bind(insert, event)?
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    /// The whole log in one statement, with what a framework needs of each row.
    pub(crate) async fn replay(&self) -> Outcome<Counts> {
        let mut connection = self.connections.take().await?;
        let mut rows = sqlx::query(self.statements.replay).fetch(&mut *connection);
        let mut counts = Counts::default();
        while let Some(row) = rows.try_next().await? {
            let position: i64 = row.get_unchecked(0);
            let stream: String = row.get_unchecked(1);
            let version: i64 = row.get_unchecked(2);
            black_box((position, stream, version));
            counts.count(&row.get_unchecked::<Json<Event>, _>(3).0);
        }
        Ok(counts)
    }
}

impl Peer for ByHand {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.insert(id, 1, &event(id, 0)).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let (mut account, version) = self.state(id, source).await?;
        account.may_deposit(deposit.amount)?;
        let event = deposit.into_event(id);
        let version = version + 1;
        if source != Source::Snapshot || version % 50 != 0 {
            return self.insert(id, version, &event).await;
        }
        account.apply(&event);
        let mut connection = self.connections.take().await?;
        let insert = sqlx::query(self.statements.insert_with_snapshot)
            .bind(&id.text)
            .bind(version)
            .bind(event.kind());
        let kind = self.statements.kind;
        kind.bind(kind.bind(insert, &event)?, &account)?
            .execute(&mut *connection)
            .await?;
        Ok(())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let new: Vec<Event> = (from..from + events).map(|at| event(id, at)).collect();
        let kinds: Vec<&str> = new.iter().map(Event::kind).collect();
        let mut connection = self.connections.take().await?;
        let insert = sqlx::query(self.statements.insert_several)
            .bind(&id.text)
            .bind(i64::try_from(from)?)
            .bind(kinds);
        let insert = match self.statements.kind {
            Kind::Jsonb => insert.bind(new.iter().map(Json).collect::<Vec<_>>()),
            Kind::Json => {
                let texts = new.iter().map(serde_json::to_string);
                insert.bind(texts.collect::<Result<Vec<_>, _>>()?)
            }
        };
        insert.execute(&mut *connection).await?;
        if source == Source::Snapshot && (from + events).is_multiple_of(50) {
            let write = sqlx::query(self.statements.write_snapshot)
                .bind(&id.text)
                .bind(i64::try_from(from + events)?);
            let state = expected_account(id, from + events);
            self.statements
                .kind
                .bind(write, &state)?
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        Ok(self.state(id, source).await?.0.loaded())
    }

    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}
