//! Stores as earlier releases wrote them.

use std::future::Future;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};
use tempfile::TempDir;

use crate::stores::Place;

/// An event of the first release, as it was read by other means than ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstEvent {
    /// Its position.
    pub position: u64,
    /// Its category.
    pub category: String,
    /// Its stream's id.
    pub stream_id: String,
    /// Its version.
    pub version: u64,
    /// Its stored type.
    pub event_type: String,
    /// Its schema version.
    pub schema_version: u32,
    /// Its payload.
    pub payload: String,
    /// Its metadata.
    pub metadata: Option<String>,
    /// Its recorded time in microseconds since 1970.
    pub recorded_at: i64,
}

/// The events that every store of the first release holds.
///
/// # Panics
/// The file is not as it was.
#[must_use]
pub fn first_events() -> Vec<FirstEvent> {
    let lines = std::fs::read_to_string(file("events.tsv")).expect("the fixture is there");
    let events = lines.lines().map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |cell: &str| cell.parse::<u64>().expect("a number");
        let [
            position,
            category,
            stream_id,
            version,
            event_type,
            schema,
            payload,
            metadata,
            at,
        ] = cells.as_slice()
        else {
            panic!("not nine cells: {line}")
        };
        FirstEvent {
            position: number(position),
            category: (*category).to_owned(),
            stream_id: (*stream_id).to_owned(),
            version: number(version),
            event_type: (*event_type).to_owned(),
            schema_version: schema.parse().expect("a number"),
            payload: (*payload).to_owned(),
            metadata: (!metadata.is_empty()).then(|| (*metadata).to_owned()),
            recorded_at: at.parse().expect("a number"),
        }
    });
    events.collect()
}

/// Runs a test with the address of a store of the first release in every database.
///
/// # Panics
/// The test fails on one of them.
pub async fn on_every_first_release<F: Future<Output = ()>>(test: impl Fn(String) -> F) {
    eprintln!("on SQLite of the first release");
    let (_folder, url) = first_sqlite();
    test(url).await;
    if let Some(place) = first_postgres().await {
        eprintln!("on PostgreSQL of the first release");
        test(place.url().to_owned()).await;
    }
    if let Some(place) = first_mysql().await {
        eprintln!("on MariaDB of the first release");
        test(place.url().to_owned()).await;
    }
}

/// A copy of the database file, which lives as long as its guard.
///
/// # Panics
/// It cannot be copied.
#[must_use]
pub fn first_sqlite() -> (TempDir, String) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let copy = folder.path().join("first.db");
    std::fs::copy(file("sqlite.fixture"), &copy).expect("the fixture can be copied");
    (folder, format!("sqlite://{}", copy.display()))
}

/// The dump in a schema of its own, if the server answers.
///
/// # Panics
/// It does, and yet the dump cannot be restored.
pub async fn first_postgres() -> Option<Place> {
    let place = Place::on_postgres().await?;
    let dump = std::fs::read_to_string(file("postgres.sql")).expect("the fixture is there");
    let dump = dump.replace("first_release", place.name());
    let mut connection = PgConnection::connect(place.server_url())
        .await
        .expect("the server has answered before");
    let restored = sqlx::raw_sql(AssertSqlSafe(dump)).execute(&mut connection);
    restored.await.expect("the dump can be restored");
    Some(place)
}

/// The dump in a database of its own, if the server answers.
///
/// # Panics
/// It does, and yet the dump cannot be restored.
pub async fn first_mysql() -> Option<Place> {
    let place = Place::on_mysql().await?;
    let dump = std::fs::read_to_string(file("mysql.sql")).expect("the fixture is there");
    let mut connection = MySqlConnection::connect(place.url())
        .await
        .expect("the server has answered before");
    for statement in statements(&dump) {
        let restored = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection);
        restored.await.expect("the dump can be restored");
    }
    Some(place)
}

/// The statements of a dump, cut as MariaDB's own client does it.
fn statements(dump: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut delimiter = ";";
    for line in dump.lines() {
        if let Some(next) = line.strip_prefix("DELIMITER ") {
            delimiter = next.trim();
            continue;
        }
        match line.trim_end().strip_suffix(delimiter) {
            Some(end) => {
                statement.push_str(end);
                statements.push(std::mem::take(&mut statement));
            }
            None => {
                statement.push_str(line);
                statement.push('\n');
            }
        }
    }
    statements.retain(|statement| !statement.trim().is_empty());
    statements
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/first_release");
    folder.join(name)
}
