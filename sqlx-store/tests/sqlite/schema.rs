use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rehydrate::{ConsumerKind, ConsumerStore as _, EventStore as _, Expected, RelayRecord};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::common::{Place, batch, count, execute, stream};

fn statements() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/sqlite");
    let mut statements = Vec::new();
    for (prefix, folder) in [("", folder.clone()), ("own/", folder.join("own"))] {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        for path in files.filter(|path| path.is_file()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let sql = fs::read_to_string(&path).unwrap();
            statements.push((format!("{prefix}{name}"), sql));
        }
    }
    statements
}

#[tokio::test]
async fn every_statement_prepares_against_a_migrated_schema() {
    let place = Place::new();
    place.open().await;
    let mut connection = place.stranger().await;
    let statements = statements();
    assert!(statements.len() > 10);
    for (name, sql) in statements {
        let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {prepared:?}");
    }
}

#[test]
fn every_statement_is_used() {
    let used = include_str!("../../src/sqlite/statements.rs");
    for (name, _) in statements() {
        let quoted = format!("\"{}\"", name.trim_end_matches(".sql"));
        assert!(used.contains(&quoted), "{name}");
    }
}

#[test]
fn every_statement_begins_with_a_comment_on_its_binds_and_its_guarantee() {
    for (name, sql) in statements() {
        let comment: String = sql
            .lines()
            .take_while(|line| line.starts_with("--"))
            .collect();
        assert!(comment.contains("Guarantee: "), "{name}");
        assert_eq!(binds(&comment), binds(&sql[comment.len()..]), "{name}");
    }
}

/// The numbers of binds in a text, and those between as in `?6 to ?9`.
fn binds(text: &str) -> BTreeSet<u32> {
    let mut binds = BTreeSet::new();
    for part in text.split('?').skip(1) {
        let digits = part.find(|other: char| !other.is_ascii_digit());
        let (digits, rest) = part.split_at(digits.unwrap_or(part.len()));
        let Ok(bind) = digits.parse() else {
            continue;
        };
        binds.insert(bind);
        if rest == " to " {
            let last = text.split_once(&format!("?{bind} to ?"));
            let (_, last) = last.expect("it was split there");
            let last = last.chars().take_while(char::is_ascii_digit);
            let last: u32 = last.collect::<String>().parse().expect("a number");
            binds.extend(bind..=last);
        }
    }
    binds
}

#[tokio::test]
async fn events_cannot_be_changed_or_deleted() {
    let place = Place::new();
    let store = place.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = place.stranger().await;
    for (sql, advice) in [
        ("UPDATE rehydrate_events SET payload = '2'", "corrects"),
        ("DELETE FROM rehydrate_events", "takes this one back"),
    ] {
        let error = sqlx::raw_sql(sql).execute(&mut stranger).await.unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
    }
    let mut transaction = store.begin().await.unwrap();
    let replaced = sqlx::raw_sql(
        "INSERT OR REPLACE INTO rehydrate_events
         SELECT position, category, stream_id, version, event_type, schema_version, '2',
             metadata, event_id, recorded_at
         FROM rehydrate_events",
    )
    .execute(transaction.connection())
    .await;
    assert!(replaced.is_err());
    transaction.rollback().await.unwrap();
    assert_eq!(
        count(
            &mut stranger,
            "SELECT count(*) FROM rehydrate_events WHERE payload = '1'"
        )
        .await,
        1
    );
}

#[tokio::test]
async fn a_store_that_is_up_to_date_is_opened_without_changing_it() {
    let place = Place::new();
    place.open().await;
    let mut stranger = place.stranger().await;
    let before = count(&mut stranger, "PRAGMA schema_version").await;
    let changes = count(&mut stranger, "PRAGMA data_version").await;
    let store = place.open().await;
    store.migrate().await.unwrap();
    assert_eq!(count(&mut stranger, "PRAGMA schema_version").await, before);
    assert_eq!(count(&mut stranger, "PRAGMA data_version").await, changes);
}

#[tokio::test]
async fn a_database_with_other_tables_gets_ours_beside_them() {
    let place = Place::new();
    let mut stranger = place.stranger().await;
    execute(&mut stranger, "CREATE TABLE invoices (number INTEGER)").await;
    let store = place.open().await;
    assert_eq!(store.watermark().await.unwrap(), 0);
    assert_eq!(
        count(&mut stranger, "SELECT count(*) FROM invoices").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_open_one_new_file_at_once_migrate_it_once() {
    let place = Place::new();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let file = place.file();
            tokio::spawn(async move { rehydrate_sqlx::SqliteStore::open(file).await })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
    let mut stranger = place.stranger().await;
    assert_eq!(
        count(&mut stranger, "SELECT count(*) FROM rehydrate_migrations").await,
        4
    );
}

#[tokio::test]
async fn what_a_store_of_version_2_keeps_of_its_consumers_is_there_in_version_4() {
    let place = Place::new();
    let mut stranger = place.stranger().await;
    for sql in [
        include_str!("../../sql/sqlite/create_migrations.sql"),
        include_str!("../../migrations/sqlite/0001_events.sql"),
        include_str!("../../migrations/sqlite/0002_consumers.sql"),
        "INSERT INTO rehydrate_migrations VALUES (1, 'events', 0), (2, 'consumers', 0)",
        "INSERT INTO rehydrate_checkpoints VALUES
            ('balances', 1, 0, 'projection', 3, 'live', NULL, 7, 9, 'live', NULL, NULL, NULL, 5, 6,
            NULL, NULL),
            ('mails', 1, 0, 'reactor', 1, 'live', NULL, 3, 2, 'live', NULL, NULL, NULL, 5, 6,
            NULL, NULL)",
        "CREATE VIEW progress AS SELECT consumer, position FROM rehydrate_checkpoints",
    ] {
        execute(&mut stranger, sql).await;
    }
    let store = place.open().await;
    let found = store.checkpoints(None).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].position.get(), found[0].revision), (7, 9));
    // It may be a relay, which says so when it runs.
    assert_eq!(found[1].kind, ConsumerKind::Reactor);
    let relays = store.relays(None).await.unwrap();
    assert_eq!(relays, [RelayRecord::new("mails", 1)]);
    let seen = count(&mut stranger, "SELECT max(position) FROM progress").await;
    assert_eq!(seen, 7);
}

#[tokio::test]
async fn a_diagnosis_has_every_table_of_the_store() {
    let place = Place::new();
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    let sql = "SELECT name FROM sqlite_master
        WHERE type = 'table' AND name LIKE 'rehydrate_%' AND name <> 'rehydrate_migrations'";
    let tables = sqlx::query_scalar(sql).fetch_all(&mut stranger).await;
    let tables: BTreeSet<String> = tables.unwrap().into_iter().collect();
    assert!(tables.contains("rehydrate_relays"), "{tables:?}");
    let found = store.diagnose().await.unwrap().tables.into_iter();
    assert_eq!(
        found.map(|table| table.name).collect::<BTreeSet<_>>(),
        tables
    );
}
