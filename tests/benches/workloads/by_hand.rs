//! The same without a framework, as one would write it on sqlx.

use std::path::Path;

use futures_util::TryStreamExt as _;
use rehydrate::Event as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    ConnectOptions as _, Database, Encode, MySql, MySqlConnection, PgConnection, QueryBuilder,
    Row as _, Sqlite, SqliteConnection, Type,
};

use crate::account::{Account, AccountEvent};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A connection with a table.
pub(crate) enum ByHand {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    MySql(MySqlConnection),
}

/// The statement for one event, and for several: with a row of binds for each.
const INSERT: &str = "INSERT INTO by_hand (stream_id, version, event_type, payload) ";
const SELECT: &str = "SELECT version, payload FROM by_hand WHERE stream_id = ? ORDER BY version";

impl ByHand {
    pub(crate) async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        let mut connection = options.connect().await.expect("the file can be made");
        let tables = "CREATE TABLE by_hand (
            position INTEGER PRIMARY KEY, stream_id INTEGER NOT NULL, version INTEGER NOT NULL,
            event_type TEXT NOT NULL, payload TEXT NOT NULL, UNIQUE (stream_id, version)) STRICT";
        let made = sqlx::raw_sql(tables).execute(&mut connection).await;
        made.expect("the table can be made");
        Self::Sqlite(connection)
    }

    pub(crate) async fn postgres(url: &str, schema: &str) -> Self {
        let table = "CREATE TABLE IF NOT EXISTS by_hand (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id bigint NOT NULL,
            version bigint NOT NULL, event_type text NOT NULL, payload json NOT NULL,
            UNIQUE (stream_id, version))";
        Self::Postgres(postgres_with(url, schema, table).await)
    }

    pub(crate) async fn mysql(url: &str) -> Self {
        let options: MySqlConnectOptions = url.parse().expect("a URL of MySQL");
        let mut connection = options.connect().await.expect("the server answers");
        let tables = "CREATE TABLE by_hand (
            position bigint AUTO_INCREMENT PRIMARY KEY, stream_id bigint NOT NULL,
            version bigint NOT NULL, event_type varchar(190) NOT NULL, payload longtext NOT NULL,
            UNIQUE (stream_id, version))";
        let made = sqlx::raw_sql(tables).execute(&mut connection).await;
        made.expect("the table can be made");
        Self::MySql(connection)
    }

    /// Adds events after a version.
    pub(crate) async fn append(
        &mut self,
        id: u64,
        version: u64,
        events: &[AccountEvent],
    ) -> Outcome {
        match self {
            Self::Sqlite(to) => {
                insert::<Sqlite>(id, version, events)?
                    .build()
                    .execute(to)
                    .await?;
            }
            Self::MySql(to) => {
                insert::<MySql>(id, version, events)?
                    .build()
                    .execute(to)
                    .await?;
            }
            Self::Postgres(to) => {
                let kinds: Vec<&str> = events.iter().map(AccountEvent::event_type).collect();
                let texts = events.iter().map(serde_json::to_string);
                let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
                let insert = match (kinds.as_slice(), texts.as_slice()) {
                    ([kind], [text]) => sqlx::query(ONE)
                        .bind(id.cast_signed())
                        .bind(version.cast_signed() + 1)
                        .bind(*kind)
                        .bind(text),
                    _ => sqlx::query(SEVERAL)
                        .bind(id.cast_signed())
                        .bind(version.cast_signed())
                        .bind(&kinds)
                        .bind(&texts),
                };
                insert.execute(to).await?;
            }
        }
        Ok(())
    }

    /// The state of an account, and its version.
    pub(crate) async fn load(&mut self, id: u64) -> Outcome<(Account, u64)> {
        let id = id.cast_signed();
        let mut folded = (Account::default(), 0);
        match self {
            Self::Sqlite(from) => {
                let mut rows = sqlx::query(SELECT).bind(id).fetch(from);
                while let Some(row) = rows.try_next().await? {
                    take(&mut folded, row.get(0), row.get(1))?;
                }
            }
            Self::MySql(from) => {
                let mut rows = sqlx::query(SELECT).bind(id).fetch(from);
                while let Some(row) = rows.try_next().await? {
                    take(&mut folded, row.get(0), row.get(1))?;
                }
            }
            Self::Postgres(from) => {
                let select = "SELECT version, payload FROM by_hand
                    WHERE stream_id = $1 ORDER BY version";
                let mut rows = sqlx::query(select).bind(id).fetch(from);
                while let Some(row) = rows.try_next().await? {
                    take(&mut folded, row.get(0), row.get_unchecked(1))?;
                }
            }
        }
        Ok(folded)
    }

    /// Loads, decides, and adds an event.
    pub(crate) async fn deposit(&mut self, id: u64, number: u64) -> Outcome {
        let (account, version) = self.load(id).await?;
        let event = account.deposit(number)?;
        self.append(id, version, &[event]).await
    }
}

/// A connection to PostgreSQL with a table in a schema.
pub(crate) async fn postgres_with(url: &str, schema: &str, table: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().expect("a URL of PostgreSQL");
    let options = options.options([("search_path", schema)]);
    let mut connection = options.connect().await.expect("the server answers");
    let tables = format!("CREATE SCHEMA IF NOT EXISTS {schema}; {table}");
    let made = sqlx::raw_sql(sqlx::AssertSqlSafe(tables))
        .execute(&mut connection)
        .await;
    made.expect("the table can be made");
    connection
}

const ONE: &str = "INSERT INTO by_hand (stream_id, version, event_type, payload)
    VALUES ($1, $2, $3, $4::text::json)";
const SEVERAL: &str = "INSERT INTO by_hand (stream_id, version, event_type, payload)
    SELECT $1, $2 + number, event_type, payload::json
    FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS new (event_type, payload, number)";

fn take(folded: &mut (Account, u64), version: i64, payload: &str) -> Outcome {
    folded.0.take(serde_json::from_str(payload)?);
    folded.1 = version.cast_unsigned();
    Ok(())
}

/// One statement with a row of binds for each event.
fn insert<D>(id: u64, version: u64, events: &[AccountEvent]) -> Outcome<QueryBuilder<D>>
where
    D: Database,
    for<'q> i64: Encode<'q, D> + Type<D>,
    for<'q> &'static str: Encode<'q, D> + Type<D>,
    for<'q> String: Encode<'q, D> + Type<D>,
{
    let texts = events.iter().map(serde_json::to_string);
    let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
    let mut insert = QueryBuilder::new(INSERT);
    let rows = (version.cast_signed() + 1..).zip(events).zip(texts);
    insert.push_values(rows, |mut row, ((version, event), text)| {
        row.push_bind(id.cast_signed())
            .push_bind(version)
            .push_bind(event.event_type())
            .push_bind(text);
    });
    Ok(insert)
}
