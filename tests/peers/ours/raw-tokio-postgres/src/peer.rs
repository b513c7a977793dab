//! One connection, and its statements.

use std::error::Error;
use std::hint::black_box;
use std::pin::pin;

use bytes::{BufMut, BytesMut};
use futures_util::TryStreamExt;
use peers_harness::{
    Account, Counts, Deposit, Event, Id, Loaded, Outcome, Peer, Source, Task, event,
    expected_account,
};
use serde::Serialize;
use tokio_postgres::types::{IsNull, Json, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, Statement};

const INSERT: &str =
    "INSERT INTO ev (stream_id, version, event_type, payload) VALUES ($1, $2, $3, $4)";
const INSERT_WITH_SNAPSHOT: &str = "
    WITH event AS (
        INSERT INTO ev (stream_id, version, event_type, payload) VALUES ($1, $2, $3, $4))
    INSERT INTO snap (stream_id, version, state) VALUES ($1, $2, $5) ON CONFLICT (stream_id)
    DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state";
const INSERT_SEVERAL: &str = "
    INSERT INTO ev (stream_id, version, event_type, payload)
    SELECT $1, $2 + number, event_type, payload
    FROM UNNEST($3::text[], $4::jsonb[]) WITH ORDINALITY AS new(event_type, payload, number)";
const WRITE_SNAPSHOT: &str = "
    INSERT INTO snap (stream_id, version, state) VALUES ($1, $2, $3) ON CONFLICT (stream_id)
    DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state";
const LOAD: &str = "SELECT version, payload FROM ev WHERE stream_id = $1 ORDER BY version";
const LOAD_FROM_SNAPSHOT: &str = "
    WITH snapshot AS MATERIALIZED (SELECT version, state FROM snap WHERE stream_id = $1)
    SELECT version, state, true FROM snapshot
    UNION ALL (SELECT version, payload, false FROM ev WHERE stream_id = $1
        AND version > COALESCE((SELECT version FROM snapshot), 0) ORDER BY version)";
const REPLAY: &str = "SELECT position, stream_id, version, payload FROM ev ORDER BY position";

pub(crate) struct Shared {
    client: Client,
    insert: Statement,
    insert_with_snapshot: Statement,
    insert_several: Statement,
    write_snapshot: Statement,
    load: Statement,
    load_from_snapshot: Statement,
}

/// Serialized before it is sent.
#[derive(Debug)]
struct Jsonb(Vec<u8>);

impl Jsonb {
    fn of(content: &impl Serialize) -> Outcome<Self> {
        Ok(Self(serde_json::to_vec(content)?))
    }
}

impl ToSql for Jsonb {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        // The version of the binary format.
        out.put_u8(1);
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSONB
    }

    to_sql_checked!();
}

impl Shared {
    pub(crate) async fn connect(url: &str) -> Outcome<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self {
            insert: client.prepare(INSERT).await?,
            insert_with_snapshot: client.prepare(INSERT_WITH_SNAPSHOT).await?,
            insert_several: client.prepare(INSERT_SEVERAL).await?,
            write_snapshot: client.prepare(WRITE_SNAPSHOT).await?,
            load: client.prepare(LOAD).await?,
            load_from_snapshot: client.prepare(LOAD_FROM_SNAPSHOT).await?,
            client,
        })
    }

    async fn state(&self, id: &Id, source: Source) -> Outcome<(Account, i64)> {
        let from_snapshot = source == Source::Snapshot;
        let statement = if from_snapshot {
            &self.load_from_snapshot
        } else {
            &self.load
        };
        let mut rows = pin!(self.client.query_raw(statement, [&id.text]).await?);
        let mut account = Account::default();
        let mut version = 0_i64;
        while let Some(row) = rows.try_next().await? {
            version = row.try_get(0)?;
            if from_snapshot && row.try_get(2)? {
                account = row.try_get::<_, Json<Account>>(1)?.0;
            } else {
                account.apply(&row.try_get::<_, Json<Event>>(1)?.0);
            }
        }
        Ok((account, version))
    }

    async fn append(&self, id: &Id, version: i64, event: &Event) -> Outcome {
        let payload = Jsonb::of(event)?;
        self.client
            .execute(&self.insert, &[&id.text, &version, &event.kind(), &payload])
            .await?;
        Ok(())
    }

    pub(crate) async fn replay(&self) -> Outcome<Counts> {
        let statement = self.client.prepare(REPLAY).await?;
        let none: [String; 0] = [];
        let mut rows = pin!(self.client.query_raw(&statement, none).await?);
        let mut counts = Counts::default();
        while let Some(row) = rows.try_next().await? {
            let position: i64 = row.try_get(0)?;
            let stream: &str = row.try_get(1)?;
            black_box((position, stream));
            counts.count(&row.try_get::<_, Json<Event>>(3)?.0);
        }
        Ok(counts)
    }
}

impl Peer for Shared {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        let task = tokio::spawn(task);
        Box::pin(async move { task.await? })
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.append(id, 1, &event(id, 0)).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let (mut account, version) = self.state(id, source).await?;
        account.may_deposit(deposit.amount)?;
        let event = deposit.into_event(id);
        let version = version + 1;
        if source != Source::Snapshot || version % 50 != 0 {
            return self.append(id, version, &event).await;
        }
        account.apply(&event);
        let (payload, state) = (Jsonb::of(&event)?, Jsonb::of(&account)?);
        self.client
            .execute(
                &self.insert_with_snapshot,
                &[&id.text, &version, &event.kind(), &payload, &state],
            )
            .await?;
        Ok(())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let new: Vec<Event> = (from..from + events).map(|at| event(id, at)).collect();
        let kinds: Vec<&str> = new.iter().map(Event::kind).collect();
        let payloads = new.iter().map(Jsonb::of).collect::<Outcome<Vec<_>>>()?;
        let before = i64::try_from(from)?;
        self.client
            .execute(
                &self.insert_several,
                &[&id.text, &before, &kinds, &payloads],
            )
            .await?;
        let version = from + events;
        if source == Source::Snapshot && version.is_multiple_of(50) {
            let state = Jsonb::of(&expected_account(id, version))?;
            let version = i64::try_from(version)?;
            self.client
                .execute(&self.write_snapshot, &[&id.text, &version, &state])
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
