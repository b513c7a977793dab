use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rehydrate::{EventStore as _, Expected, StoreError};
use rehydrate_sqlx::{PostgresOptions, PostgresStore, connect, migrate};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::common::{Place, URL, batch, count, execute, stream, try_execute};

fn statements() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/postgres");
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
    let Some(place) = Place::new().await else {
        return;
    };
    let mut connection = place.stranger().await;
    let statements = statements();
    assert!(statements.len() > 20);
    for (name, sql) in statements {
        let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {prepared:?}");
    }
}

#[test]
fn every_statement_is_used() {
    let used = include_str!("../../src/postgres/statements.rs");
    for (name, _) in statements() {
        let name = name.trim_end_matches(".sql");
        let is_used =
            used.contains(&format!("\"{name}\"")) || used.contains(&format!("/{name}.sql"));
        assert!(is_used, "{name}");
    }
}

#[test]
fn every_statement_begins_with_a_comment_on_its_binds_and_its_guarantee() {
    for (name, sql) in statements() {
        let comment: String = sql
            .lines()
            .take_while(|line| line.starts_with("--"))
            .map(|line| format!("{line} "))
            .collect();
        assert!(comment.contains("Guarantee: "), "{name}");
        let binds = |text: &str| -> BTreeSet<String> {
            text.split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
                .filter(|bind: &String| !bind.is_empty())
                .collect()
        };
        assert_eq!(binds(&comment), binds(&sql[comment.len() - 1..]), "{name}");
    }
}

#[tokio::test]
async fn events_cannot_be_changed_deleted_or_truncated() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    let mut stranger = place.stranger().await;
    for sql in [
        "UPDATE rehydrate_events SET payload = '2'",
        "DELETE FROM rehydrate_events",
        "TRUNCATE rehydrate_events",
        "INSERT INTO rehydrate_events SELECT * FROM rehydrate_events
            ON CONFLICT (position) DO UPDATE SET payload = '2'",
    ] {
        let error = try_execute(&mut stranger, sql).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("55000"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn the_positions_are_handed_out_one_at_a_time() {
    let Some(place) = Place::new().await else {
        return;
    };
    let mut stranger = place.stranger().await;
    let cache = "SELECT seqcache FROM pg_sequence WHERE seqrelid = 'rehydrate_positions'::regclass";
    assert_eq!(count(&mut stranger, cache).await, 1);
}

#[tokio::test]
async fn a_schema_without_tables_is_refused_and_verify_says_what_to_run() {
    let Some(place) = Place::empty() else {
        return;
    };
    let refused = PostgresStore::connect(place.options()).await.unwrap_err();
    match refused {
        StoreError::SchemaMismatch {
            found,
            known,
            advice,
            store,
        } => {
            assert_eq!((found, known), (0, 4));
            assert!(advice.contains("PostgresStore::migrate"));
            assert!(store.ends_with(&place.schema), "{store}");
        }
        other => panic!("{other:?}"),
    }
    let sql = PostgresStore::verify(&place.options()).await.unwrap();
    assert!(sql.contains("CREATE TABLE rehydrate_events"));
    let mut stranger = place.stranger().await;
    execute(&mut stranger, &sql).await;
    assert_eq!(PostgresStore::verify(&place.options()).await.unwrap(), "");
    let store = place.open().await;
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
}

#[tokio::test]
async fn tables_that_vanish_are_a_schema_mismatch() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut stranger = place.stranger().await;
    execute(
        &mut stranger,
        &format!("DROP SCHEMA {} CASCADE", place.schema),
    )
    .await;
    let one = batch(&["1"]);
    for refused in [
        store
            .append(&stream(1), Expected::Any, &one)
            .await
            .map(drop),
        crate::common::try_read(&store, &stream(1)).await.map(drop),
        store.watermark().await.map(drop),
    ] {
        assert!(
            matches!(refused, Err(StoreError::SchemaMismatch { found: 0, .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_migrate_at_once_migrate_once() {
    let Some(place) = Place::empty() else {
        return;
    };
    let migrating: Vec<_> = (0..8)
        .map(|_| {
            let options = place.options();
            tokio::spawn(async move { PostgresStore::migrate(&options).await })
        })
        .collect();
    for migrated in migrating {
        migrated.await.unwrap().unwrap();
    }
    PostgresStore::migrate(&place.options()).await.unwrap();
    let mut stranger = place.stranger().await;
    let applied = "SELECT count(*) FROM rehydrate_migrations";
    assert_eq!(count(&mut stranger, applied).await, 4);
    execute(
        &mut stranger,
        "INSERT INTO rehydrate_migrations VALUES (99, 'of the future', now())",
    )
    .await;
    let newer = PostgresStore::connect(place.options()).await.unwrap_err();
    assert!(matches!(
        newer,
        StoreError::SchemaMismatch { found: 99, .. }
    ));
}

#[tokio::test]
async fn a_url_names_the_schema() {
    let Some(place) = Place::empty() else {
        return;
    };
    let url = format!("{}?schema={}", *URL, place.schema);
    assert!(connect(&url).await.is_err());
    migrate(&url).await.unwrap();
    let store = connect(&url).await.unwrap();
    store
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    // The tables are found by the connection's own search path, too.
    let url = format!("{}?options[search_path]={}", *URL, place.schema);
    assert_eq!(connect(&url).await.unwrap().watermark().await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_that_looks_elsewhere_still_finds_the_store() {
    let Some(place) = Place::new().await else {
        return;
    };
    let store = place.open().await;
    let mut transaction = store.begin().await.unwrap();
    execute(
        transaction.connection(),
        "SET LOCAL search_path = pg_catalog",
    )
    .await;
    transaction
        .append(&stream(1), Expected::NoStream, &batch(&["1"]))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(crate::common::payloads(&store, &stream(1)).await, ["1"]);
}

#[test]
fn a_url_or_a_name_that_cannot_be_used_is_refused_without_its_password() {
    for url in [
        "postgres://me:secret@host/db?schema=a-b",
        "postgres://me:secret@host/db?schema=",
        "postgres://me:secret@host/db?schema=a;drop",
        "postgres://me:secret@host:port/db",
        "postgres://me:secret@host/db?sslmode=secret",
        "mysql://me:secret@host/db",
    ] {
        let error = PostgresOptions::from_url(url).unwrap_err();
        assert!(matches!(error, StoreError::CannotOpen { .. }), "{error:?}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("secret"), "{text}");
    }
    let options = PostgresOptions::from_url("postgres://me:secret@host/db").unwrap();
    assert!(!format!("{options:?}").contains("secret"));
}
