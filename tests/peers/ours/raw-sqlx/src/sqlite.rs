//! On SQLite.

use futures_util::TryStreamExt;
use peers_harness::{
    Account, Counts, Deposit, Event, Id, Loaded, Outcome, Peer, Source, Task, event,
    expected_account,
};
use sqlx::{Connection, QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::connections::{Connections, Options};

const INSERT: &str =
    "INSERT INTO ev (stream_id, version, event_type, payload) VALUES (?1, ?2, ?3, ?4)";
const WRITE_SNAPSHOT: &str = "INSERT INTO snap (stream_id, version, state) VALUES (?1, ?2, ?3)
    ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version, state = excluded.state";
const LOAD: &str = "SELECT version, payload FROM ev WHERE stream_id = ?1 ORDER BY version";
const LOAD_FROM_SNAPSHOT: &str = "SELECT version, state, 1 FROM snap WHERE stream_id = ?1
    UNION ALL SELECT version, payload, 0 FROM (
        SELECT version, payload FROM ev WHERE stream_id = ?1
        AND version > COALESCE((SELECT version FROM snap WHERE stream_id = ?1), 0) ORDER BY version)";
const REPLAY: &str = "SELECT position, stream_id, version, payload FROM ev ORDER BY position";

/// As many rows a statement, so that there are few texts to prepare.
const ROWS: u64 = 250;

const TABLES: &str = "
CREATE TABLE ev (position integer PRIMARY KEY, stream_id text NOT NULL, version integer NOT NULL,
    event_type text NOT NULL, payload text NOT NULL, metadata text NOT NULL DEFAULT '{}',
    recorded_at integer NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX ev_stream ON ev (stream_id, version);
CREATE TABLE snap (stream_id text PRIMARY KEY, version integer NOT NULL, state text NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE ev_columns (position integer PRIMARY KEY AUTOINCREMENT,
    category text NOT NULL DEFAULT 'account', stream_id text NOT NULL, version integer NOT NULL,
    event_type text NOT NULL, schema_version integer NOT NULL DEFAULT 1, payload text NOT NULL,
    metadata text, event_id blob NOT NULL DEFAULT (randomblob(16)),
    recorded_at integer NOT NULL DEFAULT 1754500042000000,
    UNIQUE (category, stream_id, version)) STRICT;";

/// The table with the columns of Rehydrate's gets what the other one has got.
const FILL_COLUMNS: &str = "
INSERT INTO ev_columns (position, stream_id, version, event_type, payload)
SELECT position, stream_id, version, event_type, payload FROM ev
WHERE position > (SELECT coalesce(max(position), 0) FROM ev_columns)";

pub(crate) async fn create_tables(path: &str) -> Outcome {
    let options = Sqlite::options(path)?;
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(TABLES).execute(&mut connection).await?;
    Ok(())
}

pub(crate) async fn fill_columns(path: &str) -> Outcome {
    let options = Sqlite::options(path)?;
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(FILL_COLUMNS).execute(&mut connection).await?;
    Ok(())
}

pub(crate) struct ByHand {
    connections: Connections<Sqlite>,
}

impl ByHand {
    pub(crate) fn new(connections: Connections<Sqlite>) -> Self {
        Self { connections }
    }

    async fn state(&self, id: &Id, source: Source) -> Outcome<(Account, i64)> {
        let from_snapshot = source == Source::Snapshot;
        let statement = if from_snapshot {
            LOAD_FROM_SNAPSHOT
        } else {
            LOAD
        };
        let mut connection = self.connections.take().await?;
        let mut rows = sqlx::query(statement)
            .bind(&id.text)
            .fetch(&mut *connection);
        let mut account = Account::default();
        let mut version = 0;
        while let Some(row) = rows.try_next().await? {
            version = row.get_unchecked(0);
            let text: &str = row.get_unchecked(1);
            if from_snapshot && row.get_unchecked::<i64, _>(2) == 1 {
                account = serde_json::from_str(text)?;
            } else {
                account.apply(&serde_json::from_str(text)?);
            }
        }
        Ok((account, version))
    }

    pub(crate) async fn replay(&self) -> Outcome<Counts> {
        let mut connection = self.connections.take().await?;
        let mut rows = sqlx::query(REPLAY).fetch(&mut *connection);
        let mut counts = Counts::default();
        while let Some(row) = rows.try_next().await? {
            counts.count(&serde_json::from_str(row.get_unchecked(3))?);
        }
        Ok(counts)
    }
}

async fn insert(to: &mut SqliteConnection, id: &Id, version: i64, event: &Event) -> Outcome {
    sqlx::query(INSERT)
        .bind(&id.text)
        .bind(version)
        .bind(event.kind())
        .bind(serde_json::to_string(event)?)
        .execute(to)
        .await?;
    Ok(())
}

async fn write_snapshot(
    to: &mut SqliteConnection,
    id: &Id,
    version: i64,
    state: &Account,
) -> Outcome {
    sqlx::query(WRITE_SNAPSHOT)
        .bind(&id.text)
        .bind(version)
        .bind(serde_json::to_string(state)?)
        .execute(to)
        .await?;
    Ok(())
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
        let mut connection = self.connections.take().await?;
        insert(&mut connection, id, 1, &event(id, 0)).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let (mut account, version) = self.state(id, source).await?;
        account.may_deposit(deposit.amount)?;
        let event = deposit.into_event(id);
        let version = version + 1;
        let mut connection = self.connections.take().await?;
        if source != Source::Snapshot || version % 50 != 0 {
            return insert(&mut connection, id, version, &event).await;
        }
        account.apply(&event);
        let mut transaction = connection.begin().await?;
        insert(&mut transaction, id, version, &event).await?;
        write_snapshot(&mut transaction, id, version, &account).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let mut connection = self.connections.take().await?;
        let mut transaction = connection.begin().await?;
        let mut at = from;
        while at < from + events {
            let some = (from + events - at).min(ROWS);
            let mut rows = Vec::new();
            for number in at..at + some {
                let event = event(id, number);
                let version = i64::try_from(number)? + 1;
                rows.push((version, event.kind(), serde_json::to_string(&event)?));
            }
            let begin = "INSERT INTO ev (stream_id, version, event_type, payload) ";
            let mut insert = QueryBuilder::new(begin);
            insert.push_values(rows, |mut row, (version, kind, payload)| {
                row.push_bind(&id.text)
                    .push_bind(version)
                    .push_bind(kind)
                    .push_bind(payload);
            });
            insert.build().execute(&mut *transaction).await?;
            at += some;
        }
        let version = from + events;
        if source == Source::Snapshot && version.is_multiple_of(50) {
            let state = expected_account(id, version);
            write_snapshot(&mut transaction, id, i64::try_from(version)?, &state).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        Ok(self.state(id, source).await?.0.loaded())
    }

    async fn make_snapshot(&self, _: &Id) -> Outcome {
        Ok(())
    }
}
